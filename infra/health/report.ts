/** Whether one part of the fleet works, and how that was found out. */
export interface ComponentHealth {
  /** Name in the fleet: a server, `postgres`, `gateway` ... */
  readonly component: string;
  readonly healthy: boolean;
  /** Not healthy yet only because the platform has not run the part's own check; the check's first round is due. */
  readonly starting?: true;
  /** What was asked and what it answered; no secrets. */
  readonly detail: string;
}

/** The platform's way to an address of the stack's outputs. */
export type FetchBy = (url: string | URL, init?: RequestInit) => Promise<Response>;

export function allHealthy(report: readonly ComponentHealth[]): boolean {
  return report.length > 0 && report.every(({ healthy }) => healthy);
}

/** The report on a release that its gates have just proven: what only waits for the platform's first look is healthy. */
export function afterProof(report: readonly ComponentHealth[]): ComponentHealth[] {
  return report.map((entry) => (entry.starting ? { ...entry, healthy: true } : entry));
}
