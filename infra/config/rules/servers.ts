import { schemaOf } from "../../../components/servers/mcp-server.schema.ts";
import { DOMAIN_NAMES } from "../../../servers/domains/names.ts";
import { FAULT_SYNTAX, parseFault } from "../../../servers/faults.ts";
import type { Finding } from "../problems.ts";
import { didYouMean, suggest } from "../suggest.ts";
import { whereSet, type RuleInput } from "./input.ts";

/** Names of the other parts of the fleet, of the gateway's own paths and of PostgreSQL's own schemas. */
const reservedNames = new Set([
  ...["postgres", "pgbouncer", "postgres-exporter", "pgbouncer-exporter", "migrations", "backup"],
  ...["gateway", "haproxy", "prometheus", "alertmanager", "grafana", "mcp-server"],
  ...["health", "ready", "live", "info", "metrics", "stats", "mcp"],
  ...["public", "information-schema", "localhost"],
]);

/** Names, domains and start order of the servers. */
export function serverRules(input: RuleInput): readonly Finding[] {
  return [...names(input), ...domains(input), ...timing(input), ...clients(input)];
}

function names({ spec }: RuleInput): readonly Finding[] {
  const findings: Finding[] = [];
  const first = new Map<string, number>();
  spec.servers.forEach(({ name }, index) => {
    if (name === "") {
      return;
    }
    const at = ["servers", index, "name"];
    const before = first.get(name);
    if (before !== undefined) {
      findings.push({
        at,
        got: `"${name}"`,
        allowed: `servers[${before}] has the same name`,
        fix: "route, database schema and metrics derive from it: give one of them another name",
      });
      return;
    }
    first.set(name, index);
    if (reservedNames.has(name) || schemaOf(name).startsWith("pg_")) {
      findings.push({
        at,
        got: `"${name}"`,
        allowed: "reserved for another part of the fleet or for PostgreSQL",
        fix: "choose another name",
      });
    }
  });
  return findings;
}

function domains({ spec }: RuleInput): readonly Finding[] {
  const known: readonly string[] = DOMAIN_NAMES;
  return spec.servers.flatMap((server, index) => {
    const unnamed = server.name === "" && server.domain === "";
    if (unnamed || server.image !== undefined) {
      return [];
    }
    const findings: Finding[] = [];
    if (!known.includes(server.domain)) {
      const near = suggest(server.domain, known);
      findings.push({
        at: ["servers", index, "domain"],
        got: `"${server.domain}"${server.domain === server.name ? " (the server's name)" : ""}`,
        allowed: `the reference server has the domains ${known.join(", ")}`,
        fix: `${near === undefined ? "set domain to one of them" : `did you mean ${near}? Set domain to one of them`} or name an own image`,
      });
    }
    const fault = server.env["FAULT"];
    if (fault !== undefined && parseFault(fault) === undefined) {
      findings.push({
        at: ["servers", index, "env", "FAULT"],
        got: "an unknown fault",
        allowed: FAULT_SYNTAX,
      });
    }
    return findings;
  });
}

function timing(input: RuleInput): readonly Finding[] {
  const { spec, file } = input;
  const found = new Map<string, Finding>();
  const report = (finding: Finding) => found.set(finding.at.join("."), finding);
  spec.servers.forEach((server, index) => {
    const { intervalSeconds, timeoutSeconds } = server.health;
    if (timeoutSeconds > intervalSeconds) {
      const own = file.servers[index]?.health;
      const local = own?.timeoutSeconds !== undefined || own?.intervalSeconds !== undefined;
      report({
        at: [...(local ? ["servers", index] : ["serverDefaults"]), "health", "timeoutSeconds"],
        got: String(timeoutSeconds),
        allowed: `at most intervalSeconds, ${intervalSeconds}, or probes overlap`,
        fix: "lower it or raise intervalSeconds",
      });
    }
    if (server.drainSeconds >= spec.gateway.hardStopAfterSeconds) {
      report({
        at: whereSet(input, index, "drainSeconds"),
        got: String(server.drainSeconds),
        allowed: `below gateway.hardStopAfterSeconds, ${spec.gateway.hardStopAfterSeconds}, or the gateway cuts calls that the server still finishes`,
        fix: "lower it or raise gateway.hardStopAfterSeconds",
      });
    }
  });
  const { scrapeIntervalSeconds, scrapeTimeoutSeconds } = spec.monitoring.prometheus;
  if (scrapeTimeoutSeconds > scrapeIntervalSeconds) {
    report({
      at: ["monitoring", "prometheus", "scrapeTimeoutSeconds"],
      got: String(scrapeTimeoutSeconds),
      allowed: `at most scrapeIntervalSeconds, ${scrapeIntervalSeconds}; Prometheus refuses more`,
      fix: "lower it or raise scrapeIntervalSeconds",
    });
  }
  return [...found.values()];
}

function clients({ spec }: RuleInput): readonly Finding[] {
  const findings: Finding[] = [];
  const list = spec.gateway.clients.map((client) => client.name);
  list.forEach((name, index) => {
    if (list.indexOf(name) < index) {
      findings.push({
        at: ["gateway", "clients", index, "name"],
        got: `"${name}"`,
        allowed: `clients[${list.indexOf(name)}] has the same name`,
        fix: "remove one of the two",
      });
    }
  });
  if (!list.includes("default")) {
    findings.push({
      at: ["gateway", "clients"],
      got: didList(list),
      allowed: "the client default must be among them: the stack's own probes use it",
      fix: "add - name: default",
    });
  }
  return findings;
}

function didList(list: readonly string[]): string {
  return list.length === 0 ? "an empty list" : list.join(", ");
}

/** Dependencies that do not exist, on oneself, or in a circle. */
export function dependencyRules({ spec }: RuleInput): readonly Finding[] {
  const findings: Finding[] = [];
  const known = spec.servers.map((server) => server.name).filter((name) => name !== "");
  spec.servers.forEach((server, index) => {
    server.dependsOn.forEach((name, position) => {
      const at = ["servers", index, "dependsOn", position];
      if (!known.includes(name)) {
        const fix = didYouMean(name, known);
        findings.push({ at, got: `"${name}"`, allowed: "no such server in this fleet", fix });
      } else if (server.dependsOn.indexOf(name) < position) {
        findings.push({ at, got: `"${name}"`, allowed: "listed twice", fix: "remove one" });
      }
    });
  });
  return [...findings, ...cycles(spec.servers)];
}

interface Node {
  readonly name: string;
  readonly dependsOn: readonly string[];
}

/** One finding per circle, whatever the order of the list: it starts at the member that comes first by name. */
function cycles(servers: readonly Node[]): readonly Finding[] {
  const byName = new Map(servers.map((server) => [server.name, server]));
  const findings: Finding[] = [];
  const done = new Set<string>();
  for (const name of [...byName.keys()].sort()) {
    const circle = done.has(name) ? undefined : shortestCircle(name, byName);
    if (circle === undefined) {
      continue;
    }
    circle.forEach((member) => done.add(member));
    findings.push({
      at: ["servers", servers.findIndex((server) => server.name === name), "dependsOn"],
      got: [...circle, name].join(" -> "),
      allowed: "servers that wait for each other in a circle never start",
      fix: "remove one of these dependencies",
    });
  }
  return findings;
}

/** Breadth-first, so that the circle shown has no detours. */
function shortestCircle(
  start: string,
  byName: ReadonlyMap<string, Node>,
): readonly string[] | undefined {
  const cameFrom = new Map<string, string>();
  const queue = [start];
  for (const name of queue) {
    for (const next of [...(byName.get(name)?.dependsOn ?? [])].sort()) {
      if (next === start) {
        const circle = [name];
        for (let at = name; at !== start;) {
          at = cameFrom.get(at) ?? start;
          circle.unshift(at);
        }
        return circle;
      }
      if (!cameFrom.has(next) && byName.has(next)) {
        cameFrom.set(next, name);
        queue.push(next);
      }
    }
  }
  return undefined;
}
