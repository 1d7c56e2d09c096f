import { schemaOf } from "../../../components/servers/mcp-server.schema.ts";
import { DOMAIN_NAMES } from "../../../servers/domains/names.ts";
import { FAULT_SYNTAX, parseFault } from "../../../servers/faults.ts";
import type { Finding } from "../problems.ts";
import { suggest } from "../suggest.ts";
import { whereSet, type RuleInput } from "./input.ts";

/** Names of the other parts of the fleet, of the gateway's own paths and of PostgreSQL's own schemas. */
const reservedNames = new Set([
  ...["postgres", "pgbouncer", "postgres-exporter", "pgbouncer-exporter", "migrations", "backup"],
  ...["gateway", "gateway-trial", "haproxy", "prometheus", "alertmanager", "grafana", "mcp-server"],
  ...["health", "ready", "live", "info", "metrics", "stats", "mcp"],
  ...["public", "information-schema", "localhost"],
]);

/** Names and domains of the servers, their timing, and the gateway's clients. */
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
