/** What parts may use that have no setting for it: cores, MiB. */
export const fixedLimits = {
  /** A scrape is a handful of queries. */
  exporter: { cpus: 0.5 },
  migrations: { memoryMb: 192 },
} as const;
