import { databaseRoles, loginRole, statsUser } from "../../../components/database/names.ts";
import { schemaOf } from "../../../components/servers/mcp-server.schema.ts";
import { postgresSchema } from "../../../components/database/postgres.schema.ts";
import type { Finding } from "../problems.ts";
import { show } from "../redact.ts";
import { valueAt } from "../schema-walk.ts";
import { kilobytes, whereSet, type RuleInput } from "./input.ts";

/** What PostgreSQL itself needs besides its buffers: processes, catalogue caches, log buffers. MiB; an estimate. */
const marginMb = 64;

/** Bounds of PostgreSQL 17 (`pg_settings`), kB. */
const bounds = {
  sharedBuffers: [128, 8 * 1024 ** 3],
  effectiveCacheSize: [8, 16 * 1024 ** 3],
  maintenanceWorkMem: [64, 2_147_483_647],
  workMem: [64, 2_147_483_647],
  walBuffers: [32, 2_096_128],
} as const;

const reservedDatabases = ["postgres", "template0", "template1", "pgbouncer"];
/** PostgreSQL's own words and the roles that the fleet makes. */
const reservedOwners: readonly string[] = [
  ...["postgres", "public", "none", "current_user", "session_user", "current_role"],
  ...[databaseRoles.lookup, databaseRoles.exporter, statsUser],
];

/** Connections, memory and names of PostgreSQL and PgBouncer. */
export function databaseRules(input: RuleInput): readonly Finding[] {
  return [
    ...connections(input),
    ...(input.spec.postgres.external
      ? external(input)
      : [...ownConnections(input), ...memory(input)]),
    ...names(input),
  ];
}

/** What remains a setting of the fleet where the server is somebody else's. */
const shared: readonly string[] = ["external", "name", "owner", "directConnections"];

function external({ spec: { postgres }, data }: RuleInput): readonly Finding[] {
  const defaults: Readonly<Record<string, unknown>> = postgresSchema.parse({});
  // A fleet file that spells out what is the default anyway can be that of stacks with and without a server of ours.
  const own = Object.entries(postgres).filter(
    ([name, value]) => !shared.includes(name) && value !== defaults[name],
  );
  const { mode, ca } = postgres.external!.tls;
  const verified = mode.startsWith("verify-");
  // One that breaks the schema is reported as that.
  const named = valueAt(data, ["postgres", "external", "tls", "ca"]) !== undefined;
  return [
    ...own.map(([name, value]) => ({
      at: ["postgres", name],
      got: show(value, [name]),
      allowed: "a setting of our own server, and postgres.external names another one",
      fix: "set it there, and remove it here",
    })),
    ...(verified && !named
      ? [
          {
            at: ["postgres", "external", "tls", "ca"],
            allowed: `missing; ${mode} needs the certificates that vouch for the server`,
            fix: "put them here in PEM form, as the provider offers them",
          },
        ]
      : []),
    ...(!verified && ca !== undefined
      ? [
          {
            at: ["postgres", "external", "tls", "mode"],
            got: `"${mode}"`,
            allowed:
              "with certificates in tls.ca: verify-full or verify-ca, or nobody looks at them",
            fix: "remove the line",
          },
        ]
      : []),
  ];
}

/** Of our own server, whose settings are known. */
function ownConnections({ spec: { postgres, pgbouncer } }: RuleInput): readonly Finding[] {
  const findings: Finding[] = [];
  const { maxDbConnections, directConnections } = { ...pgbouncer, ...postgres };
  const needed = maxDbConnections + directConnections + postgres.superuserReservedConnections;
  if (needed > postgres.maxConnections) {
    findings.push({
      at: ["postgres", "maxConnections"],
      got: String(postgres.maxConnections),
      allowed:
        `pgbouncer.maxDbConnections ${maxDbConnections} + directConnections ${directConnections} + ` +
        `superuserReservedConnections ${postgres.superuserReservedConnections} = ${needed} must fit into it`,
      fix: `raise it to ${needed} or lower one of the three`,
    });
  }
  if (postgres.maxParallelWorkersPerGather > postgres.maxWorkerProcesses) {
    findings.push({
      at: ["postgres", "maxParallelWorkersPerGather"],
      got: String(postgres.maxParallelWorkersPerGather),
      allowed: `workers are taken from maxWorkerProcesses ${postgres.maxWorkerProcesses}`,
      fix: "lower it or raise maxWorkerProcesses",
    });
  }
  return findings;
}

function connections(input: RuleInput): readonly Finding[] {
  const { pgbouncer, servers } = input.spec;
  const { maxDbConnections } = pgbouncer;
  const findings: Finding[] = [];
  const pool = pgbouncer.defaultPoolSize + pgbouncer.reservePoolSize;
  if (pool > maxDbConnections) {
    findings.push({
      at: ["pgbouncer", "defaultPoolSize"],
      got: String(pgbouncer.defaultPoolSize),
      allowed: `with reservePoolSize ${pgbouncer.reservePoolSize} it is ${pool}, more than maxDbConnections ${maxDbConnections}`,
      fix: `lower one of the two or raise maxDbConnections to ${pool}`,
    });
  }
  if (pgbouncer.minPoolSize > pgbouncer.defaultPoolSize) {
    findings.push({
      at: ["pgbouncer", "minPoolSize"],
      got: String(pgbouncer.minPoolSize),
      allowed: `at most defaultPoolSize, ${pgbouncer.defaultPoolSize}`,
    });
  }
  const kept = pgbouncer.minPoolSize * servers.length;
  if (kept > maxDbConnections) {
    findings.push({
      at: ["pgbouncer", "minPoolSize"],
      got: String(pgbouncer.minPoolSize),
      allowed: `for ${servers.length} servers it keeps ${kept} connections open, more than maxDbConnections ${maxDbConnections}`,
      fix: `at most ${Math.floor(maxDbConnections / servers.length)}`,
    });
  }
  // While a release is switched, the old and the new server hold their pools at the same time.
  const clients = 2 * servers.reduce((sum, server) => sum + server.poolSize, 0);
  if (clients > pgbouncer.maxClientConnections) {
    findings.push({
      at: ["pgbouncer", "maxClientConnections"],
      got: String(pgbouncer.maxClientConnections),
      allowed: `the servers' pools, twice while two releases overlap, need ${clients}`,
      fix: `raise it to ${clients} or lower poolSize`,
    });
  }
  const greediest = servers.findIndex((server) => server.poolSize > maxDbConnections);
  if (greediest >= 0) {
    findings.push({
      at: whereSet(input, greediest, "poolSize"),
      got: String(servers[greediest]?.poolSize),
      allowed: `one server alone would wait for more than pgbouncer.maxDbConnections ${maxDbConnections}`,
      fix: "lower it",
    });
  }
  return findings;
}

function memory({ spec: { postgres } }: RuleInput): readonly Finding[] {
  const findings: Finding[] = [];
  for (const [name, [low, high]] of Object.entries(bounds)) {
    const size = postgres[name as keyof typeof bounds];
    if (kilobytes(size) < low || kilobytes(size) > high) {
      findings.push({
        at: ["postgres", name],
        got: size,
        allowed: `PostgreSQL accepts ${low}kB to ${high}kB`,
      });
    }
  }
  const limit = postgres.memoryMb * 1024;
  const held = kilobytes(postgres.sharedBuffers) + kilobytes(postgres.maintenanceWorkMem);
  const needed = Math.ceil(held / 1024) + marginMb;
  if (needed > postgres.memoryMb) {
    findings.push({
      at: ["postgres", "memoryMb"],
      got: String(postgres.memoryMb),
      allowed:
        `sharedBuffers ${postgres.sharedBuffers} + maintenanceWorkMem ${postgres.maintenanceWorkMem} + ` +
        `${marginMb} MiB for its processes = ${needed} MiB must fit into it`,
      fix: `raise it to ${needed} or lower the buffers`,
    });
  }
  if (kilobytes(postgres.workMem) > limit / 4) {
    findings.push({
      at: ["postgres", "workMem"],
      got: postgres.workMem,
      allowed: `every sort may take so much: at most a quarter of memoryMb, ${Math.floor(postgres.memoryMb / 4)}MB`,
    });
  }
  if (kilobytes(postgres.walBuffers) > kilobytes(postgres.sharedBuffers)) {
    findings.push({
      at: ["postgres", "walBuffers"],
      got: postgres.walBuffers,
      allowed: `at most sharedBuffers, ${postgres.sharedBuffers}`,
    });
  }
  return findings;
}

function names({ spec: { postgres, servers } }: RuleInput): readonly Finding[] {
  const findings: Finding[] = [];
  if (reservedDatabases.includes(postgres.name)) {
    findings.push({
      at: ["postgres", "name"],
      got: `"${postgres.name}"`,
      allowed: "the database of that name belongs to PostgreSQL or PgBouncer",
      fix: "choose another name, as in mcp_series",
    });
  }
  const owner = postgres.owner;
  // Where managed servers call their first role so, it is no superuser.
  const managed = postgres.external !== undefined && owner === "postgres";
  if (!managed && (reservedOwners.includes(owner) || owner.startsWith("pg_"))) {
    findings.push({
      at: ["postgres", "owner"],
      got: `"${owner}"`,
      allowed: "that role belongs to PostgreSQL or to another part of the fleet",
      fix: "choose another name, as in writer",
    });
  }
  const namesake = servers.find(({ name }) => {
    const schema = schemaOf(name);
    return [schema, loginRole(schema, "a"), loginRole(schema, "b")].includes(owner);
  });
  if (namesake !== undefined) {
    findings.push({
      at: ["postgres", "owner"],
      got: `"${owner}"`,
      allowed: `server ${namesake.name} has a schema or login role of that name`,
      fix: "choose another name",
    });
  }
  return findings;
}
