const factor = Number(process.env["MCP_FLEET_RUNS"] ?? 1);

/** How often a property is tried whose cases take long; `MCP_FLEET_RUNS=10` in the environment makes it ten times as often. */
export function runs(count: number): { readonly numRuns: number } {
  return { numRuns: Math.ceil(count * factor) };
}
