import type { Alert } from "./define-alert.ts";
import { connectionsExhausted, connectionsHigh } from "./postgres-connections.ts";
import { exporterDown, exporterFailing, postgresDown, unsafe } from "./postgres-life.ts";
import { cacheHit, checkpoints, deadlocks, longTransaction, rollbacks } from "./postgres-work.ts";

export const postgresAlerts: readonly Alert[] = [
  postgresDown,
  exporterDown,
  connectionsHigh,
  connectionsExhausted,
  rollbacks,
  deadlocks,
  cacheHit,
  longTransaction,
  checkpoints,
  exporterFailing,
  unsafe,
];
