import { monitoringSchema } from "../../components/monitoring/monitoring.schema.ts";
import type { PrometheusInput } from "../../components/monitoring/prometheus.render.ts";
import {
  gatewayTarget,
  pgbouncerTarget,
  postgresTarget,
  serverTarget,
} from "../../components/monitoring/scrape-target.ts";

export const defaults = monitoringSchema.parse({});

/** A fleet with every kind of target. */
export const fleetInput: PrometheusInput = {
  fleet: "writing",
  environment: "staging",
  spec: defaults,
  targets: [
    serverTarget({ name: "scene", port: 3005, critical: false }, "scene-0a1b2c3", 9464),
    serverTarget({ name: "database-admin", port: 3010, critical: true }, "admin-0a1b2c3", 9464),
    gatewayTarget("gateway"),
    postgresTarget("postgres-exporter"),
    pgbouncerTarget("pgbouncer-exporter"),
  ],
  alertmanager: "alertmanager",
};
