import type { Probe } from "./probe.schema.ts";

/** What is asked, in a few words: `GET /ready on port 3005 of scene`. */
export function describeProbe(probe: Probe): string {
  const where = probe.at ?? probe.subject;
  switch (probe.kind) {
    case "state":
      return `state of ${where}`;
    case "http":
      return `${probe.method} ${probe.path} on port ${probe.port} of ${where}`;
    case "tcp":
      return `connection to port ${probe.port} of ${where}`;
    case "command":
      return `${probe.command[0]} in ${where}`;
    case "file_system":
      return `${probe.path} in ${where}`;
    case "postgres":
      return `query as ${probe.user} on port ${probe.port} of ${where}`;
    case "mcp":
      return `MCP ${probe.path} on port ${probe.port} of ${where}`;
    case "promql":
      return `Prometheus's answer about ${probe.subject}`;
    case "metrics":
      return `${probe.path} on port ${probe.port} of ${where}`;
    case "script":
      return `script ${probe.command[0]}`;
  }
}

/**
 * Whether the probe measures something: then no answer is no measurement, and says nothing about what was to be measured.
 * Who wants to know whether the one that is asked answers at all has other probes for that.
 */
export function isMeasurement({ kind }: Pick<Probe, "kind">): boolean {
  return kind === "promql" || kind === "metrics";
}
