/** Whether one part of the fleet works, and how that was found out. */
export interface ComponentHealth {
  /** Name in the fleet: a server, `postgres`, `gateway` ... */
  readonly component: string;
  readonly healthy: boolean;
  /** Not healthy yet only because the engine has not run the container's own check; the check's first round is due. */
  readonly starting?: true;
  /** What was asked and what it answered; no secrets. */
  readonly detail: string;
}

export function allHealthy(report: readonly ComponentHealth[]): boolean {
  return report.length > 0 && report.every(({ healthy }) => healthy);
}

/** The report on a release that its gates have just proven: what only waits for the engine's first look is healthy. */
export function afterProof(report: readonly ComponentHealth[]): ComponentHealth[] {
  return report.map((entry) => (entry.starting ? { ...entry, healthy: true } : entry));
}
