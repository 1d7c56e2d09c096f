import type { Alert } from "./define-alert.ts";
import {
  criticalErrorRate,
  criticalToolSuccess,
  highErrorRate,
  lowToolSuccess,
} from "./server-calls.ts";
import {
  databaseConnectionFailure,
  faultActive,
  serviceDown,
  serviceRestarting,
} from "./server-life.ts";
import {
  criticalConcurrency,
  criticalMemoryUsage,
  highConcurrency,
  highMemoryUsage,
  sessionsRejected,
} from "./server-load.ts";

export const serverAlerts: readonly Alert[] = [
  serviceDown,
  databaseConnectionFailure,
  highErrorRate,
  criticalErrorRate,
  lowToolSuccess,
  criticalToolSuccess,
  highConcurrency,
  criticalConcurrency,
  sessionsRejected,
  faultActive,
  serviceRestarting,
  highMemoryUsage,
  criticalMemoryUsage,
];
