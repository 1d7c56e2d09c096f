import { loginRole, pgbouncerPort } from "../database/names.ts";
import { schemaOf } from "../servers/mcp-server.schema.ts";
import { foreignRestarts, patience } from "./probe-limits.ts";
import type { ProbeInput } from "./probe.schema.ts";
import type { ProbedFleet } from "./probed-fleet.ts";

/** A query the way servers ask: by the pooler, as one of them. */
function poolerQuery({ servers, database }: ProbedFleet, name: string): ProbeInput[] {
  const [server] = servers;
  if (!server) return [];
  const user = loginRole(schemaOf(server.name), "a");
  return [
    {
      kind: "postgres",
      name,
      subject: "pgbouncer",
      port: pgbouncerPort,
      database,
      user,
      passwordOf: user,
      query: "SELECT 1",
      expect: 1,
      timeoutSeconds: patience,
    },
  ];
}

/** Database and pooler, before the switch. */
export function dataTier(fleet: ProbedFleet): readonly ProbeInput[] {
  // A database that recovers after a restart takes its time.
  const startPeriodSeconds = 60;
  return [
    ...[...(fleet.externalDatabase ? [] : ["postgres"]), "pgbouncer"].map(
      (component): ProbeInput => ({
        kind: "state",
        name: `${component}/started`,
        subject: component,
        requireHealthy: true,
        maxRestarts: foreignRestarts,
        startPeriodSeconds,
        timeoutSeconds: patience,
        tags: ["gate"],
      }),
    ),
    ...poolerQuery(fleet, "pgbouncer/query").map((probe) => ({
      ...probe,
      startPeriodSeconds,
      tags: ["gate"],
    })),
  ];
}

/** Gateway, pooler, and what Prometheus says of all, after the switch. */
export function watchedTier(fleet: ProbedFleet): readonly ProbeInput[] {
  const critical = fleet.servers.filter((server) => server.critical && server.image === undefined);
  const services = [...critical.map(({ name }) => name), "gateway", "postgres", "pgbouncer"];
  return [
    {
      kind: "state",
      name: "gateway/running",
      subject: "gateway",
      requireHealthy: true,
      // One that was just replaced is asked by its own check first after 5 s.
      startPeriodSeconds: 20,
      timeoutSeconds: patience,
      tags: ["watch"],
    },
    // Trigger "database connection failures": a probe through the pooler (writing-servers guide, resolution G40).
    ...poolerQuery(fleet, "pgbouncer/connections").map((probe) => ({
      ...probe,
      intervalSeconds: 2,
      tags: ["watch", "trigger"],
    })),
    // Trigger "critical service down": critical = database-admin, pooler, database, gateway (resolution G40).
    {
      kind: "promql",
      name: "prometheus/critical-services",
      subject: "prometheus",
      query: `max by (service) (up{service=~"${services.join("|")}"})`,
      operator: "==",
      threshold: 1,
      intervalSeconds: 5,
      // A new target is down until it is scraped for the first time.
      startPeriodSeconds: fleet.scrapeIntervalSeconds,
      timeoutSeconds: patience,
      onInconclusive: "pass",
      tags: ["watch", "trigger"],
    },
    {
      kind: "promql",
      name: "prometheus/targets",
      subject: "prometheus",
      query: "up",
      operator: "==",
      threshold: 1,
      intervalSeconds: 5,
      startPeriodSeconds: fleet.scrapeIntervalSeconds,
      timeoutSeconds: patience,
      critical: false,
      onInconclusive: "pass",
      tags: ["watch"],
    },
  ];
}
