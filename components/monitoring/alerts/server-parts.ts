import type { Cause } from "./define-alert.ts";
import type { Threshold } from "./threshold.ts";

/** What test series are about. */
export const scene = { service: "scene", component: "mcp-server" } as const;

export const review = { service: "review", component: "mcp-server" } as const;

/** What explains trouble of a server. */
export const serverCauses: readonly Cause[] = [
  { alert: "ServiceDown", scope: "service" },
  { alert: "PostgresDown", scope: "fleet" },
  { alert: "PgbouncerDown", scope: "fleet" },
];

export const databaseCauses: readonly Cause[] = [
  ...serverCauses,
  { alert: "DatabaseConnectionFailure", scope: "service" },
];

export const minimumCalls: Threshold = {
  unit: "count",
  default: 20,
  min: 1,
  what: "Calls within 5 minutes below which a share says nothing.",
};

export const windowSeconds = 300;

export const perServer = "sum by (service, component)";
