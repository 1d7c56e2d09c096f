import { equal } from "../metrics/select.ts";
import type { Cause } from "./define-alert.ts";

export const postgres = { service: "postgres", component: "database" } as const;

export const firing = { labels: postgres };

export const instance = { ...postgres, server: equal("db:5432") };

export const database = { ...postgres, datid: equal("1"), datname: equal("fleet") };

/** Without PostgreSQL its other numbers stand still or are gone. */
export const postgresGone: readonly Cause[] = [
  { alert: "PostgresDown", scope: "service" },
  { alert: "ExporterDown", scope: "service" },
];
