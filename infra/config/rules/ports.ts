import { gatewayPorts } from "../../../components/gateway/gateway-routes.ts";
import { serverMetricsPort } from "../../../components/servers/mcp-server.schema.ts";
import type { FleetSpec } from "../fleet.schema.ts";
import type { Finding, Path } from "../problems.ts";
import type { RuleInput } from "./input.ts";

/** A port of the host that the fleet takes. */
export interface HostPort {
  readonly port: number;
  readonly hostIp: string;
  /** Setting that decides it. */
  readonly at: Path;
  /** Who listens there, as messages name it. */
  readonly owner: string;
}

const highest = 65_535;

/** Every host port of a fleet, fixed ones first: a server is the one to move when it collides with a console. */
export function hostPorts(spec: FleetSpec): readonly HostPort[] {
  const { gateway, monitoring } = spec;
  const console = (name: "prometheus" | "alertmanager" | "grafana"): HostPort => ({
    port: monitoring[name].port,
    hostIp: "127.0.0.1",
    at: ["monitoring", name, "port"],
    owner: name,
  });
  return [
    { port: gateway.port, hostIp: gateway.bind, at: ["gateway", "port"], owner: "gateway" },
    console("prometheus"),
    console("alertmanager"),
    ...(monitoring.grafana.enabled === "no" ? [] : [console("grafana")]),
    ...(gateway.serverPorts
      ? spec.servers
          .map((server, index) => ({
            port: server.port + gateway.serverPortOffset,
            hostIp: "127.0.0.1",
            at: ["servers", index, "port"],
            owner: `server ${server.name}`,
          }))
          .filter(({ port }) => !Number.isNaN(port))
      : []),
  ];
}

/** Ports that two would listen on, or that do not exist. */
export function portRules({ spec }: RuleInput): readonly Finding[] {
  return firstPerPath([...serverPorts(spec), ...sharedHostPorts(spec)]);
}

function serverPorts(spec: FleetSpec): readonly Finding[] {
  const findings: Finding[] = [];
  const owners = new Map<number, string>();
  const used = new Set(spec.servers.map((server) => server.port));
  spec.servers.forEach(({ name, port }, index) => {
    const at = ["servers", index, "port"];
    const first = owners.get(port);
    if (first !== undefined) {
      findings.push({
        at,
        got: String(port),
        allowed: `port ${port} is already taken by ${first}`,
        fix: `a free one is ${freePort(used, port)}`,
      });
    } else if (!Number.isNaN(port)) {
      owners.set(port, name === "" ? `servers[${index}]` : `server ${name}`);
    }
    const inside = whoListens(port, spec.gateway.serverPorts);
    if (inside !== undefined) {
      const fix = `a free one is ${freePort(used, port)}`;
      findings.push({ at, got: String(port), allowed: `${inside} on that port`, fix });
    }
  });
  return findings;
}

/** What already listens on a port inside the server's container, or inside the gateway's. */
function whoListens(port: number, atGateway: boolean): string | undefined {
  if (port === serverMetricsPort) {
    return "every server serves its metrics";
  }
  const taken: readonly number[] = Object.values(gatewayPorts);
  return atGateway && taken.includes(port) ? "the gateway's container listens" : undefined;
}

function sharedHostPorts(spec: FleetSpec): readonly Finding[] {
  const findings: Finding[] = [];
  const taken = new Map<number, HostPort>();
  const all = hostPorts(spec);
  const used = new Set(all.map(({ port }) => port));
  for (const entry of all) {
    const first = taken.get(entry.port);
    const isServer = entry.at[0] === "servers";
    const offset = isServer ? spec.gateway.serverPortOffset : 0;
    const got = offset === 0 ? String(entry.port) : `${entry.port - offset} + offset ${offset}`;
    if (entry.port > highest) {
      findings.push({
        at: ["gateway", "serverPortOffset"],
        got: String(offset),
        allowed: `the port of ${entry.owner} would be ${entry.port}, the highest is ${highest}`,
        fix: "choose a smaller offset",
      });
    } else if (first === undefined) {
      taken.set(entry.port, entry);
    } else if (!(isServer && first.at[0] === "servers")) {
      findings.push({
        at: entry.at,
        got,
        allowed: `port ${entry.port} of the host is already taken by ${first.owner}`,
        fix: `a free one is ${freePort(used, entry.port) - offset}${isServer ? ", or change gateway.serverPortOffset" : ""}`,
      });
    }
  }
  return findings;
}

/** One reason per setting is enough; ten servers above the highest port are one wrong offset. */
function firstPerPath(findings: readonly Finding[]): readonly Finding[] {
  const seen = new Set<string>();
  return findings.filter(({ at }) => {
    const key = at.join(".");
    return seen.size < seen.add(key).size;
  });
}

function freePort(used: ReadonlySet<number>, near: number): number {
  for (let port = near + 1; port <= highest; port++) {
    if (!used.has(port) && whoListens(port, true) === undefined) {
      return port;
    }
  }
  return near - 1;
}
