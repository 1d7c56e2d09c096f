/** Whether one part of the fleet works, and how that was found out. */
export interface ComponentHealth {
  /** Name in the fleet: a server, `postgres`, `gateway` ... */
  readonly component: string;
  readonly healthy: boolean;
  /** What was asked and what it answered; no secrets. */
  readonly detail: string;
}

export function allHealthy(report: readonly ComponentHealth[]): boolean {
  return report.length > 0 && report.every(({ healthy }) => healthy);
}
