import { describe } from "vitest";
import { here, testCases, type Case } from "./bad-input-case.ts";
import { fleet, server } from "./fixture.ts";

const ruleCases: readonly Case[] = [
  {
    name: "double name",
    text: server("name: scene", "port: 3001") + "  - {name: scene, port: 3002}\n",
    path: "servers[1].name",
    says: ["servers[0] has the same name"],
    source: `${here}:5:12`,
  },
  {
    name: "double port",
    text: server("name: scene", "port: 3001") + "  - {name: review, port: 3001}\n",
    path: "servers.review.port",
    says: ["got 3001", "already taken by server scene", "a free one is 3002"],
  },
  {
    name: "reserved name",
    text: server("name: grafana", "port: 3001", "domain: scene"),
    path: "servers[0].name",
    says: ['got "grafana"', "reserved"],
  },
  {
    name: "reserved schema",
    text: server("name: pg-catalog", "port: 3001", "domain: scene"),
    path: "servers[0].name",
    says: ["reserved", "PostgreSQL"],
  },
  {
    name: "unknown domain",
    text: server("name: scenes", "port: 3001"),
    path: "servers.scenes.domain",
    says: ['got "scenes" (the server\'s name)', "did you mean scene?", "an own image"],
  },
  {
    name: "metrics port",
    text: server("name: scene", "port: 9464"),
    path: "servers.scene.port",
    says: ["metrics"],
  },
  {
    name: "port of the gateway's container",
    text: server("name: scene", "port: 8405"),
    path: "servers.scene.port",
    says: ["got 8405", "the gateway's container listens on that port", "a free one is 8406"],
  },
  {
    name: "gateway on a server's port",
    text: fleet("gateway: {port: 3002}"),
    path: "servers.review.port",
    says: ["already taken by gateway"],
  },
  {
    name: "server on a console's port by its offset",
    text: fleet("gateway: {serverPortOffset: 6089}"),
    path: "servers.scene.port",
    says: ["got 3001 + offset 6089", "port 9090 of the host is already taken by prometheus"],
  },
  {
    name: "offset beyond the last port",
    text: fleet("gateway: {serverPortOffset: 60000, port: 8080}") + "",
    with: { sets: ["servers.scene.port=9000"] },
    path: "gateway.serverPortOffset",
    says: ["server scene would be 69000"],
  },
  {
    name: "two consoles on one port",
    text: fleet("monitoring: {alertmanager: {port: 9090}}"),
    path: "monitoring.alertmanager.port",
    says: ["already taken by prometheus"],
  },
  {
    name: "unknown dependency",
    text: server("name: scene", "port: 3001", "dependsOn: [scenery]"),
    path: "servers.scene.dependsOn[0]",
    says: ['got "scenery"', "no such server", "did you mean scene?"],
  },
  {
    name: "dependency on itself",
    text: server("name: scene", "port: 3001", "dependsOn: [scene]"),
    path: "servers.scene.dependsOn",
    says: ["got scene -> scene", "circle"],
  },
  {
    name: "dependency cycle",
    text: fleet("  - {name: author, port: 3003, dependsOn: [scene]}"),
    with: { sets: ["servers.scene.dependsOn=[review]", "servers.review.dependsOn=[author]"] },
    path: "servers.author.dependsOn",
    says: ["got author -> scene -> review -> author"],
  },
  {
    name: "double dependency",
    text:
      server("name: scene", "port: 3001") +
      "  - {name: review, port: 3002, dependsOn: [scene, scene]}\n",
    path: "servers.review.dependsOn[1]",
    says: ["listed twice"],
  },
  {
    name: "pools beyond max_connections",
    text: fleet("pgbouncer: {maxDbConnections: 190}"),
    path: "postgres.maxConnections",
    says: ["got 200", "190", "= 213 must fit", "raise it to 213"],
  },
  {
    name: "one pool beyond all pools",
    text: fleet("pgbouncer: {defaultPoolSize: 140}"),
    path: "pgbouncer.defaultPoolSize",
    says: ["got 140", "it is 160, more than maxDbConnections 150"],
  },
  {
    name: "least pool beyond the pool",
    text: fleet("pgbouncer: {minPoolSize: 60}"),
    path: "pgbouncer.minPoolSize",
    says: ["at most defaultPoolSize, 50"],
  },
  {
    name: "least pools of all servers",
    text: fleet(
      "pgbouncer: {minPoolSize: 10, maxDbConnections: 19, defaultPoolSize: 10, reservePoolSize: 0}",
    ),
    path: "pgbouncer.minPoolSize",
    says: ["for 2 servers it keeps 20", "at most 9"],
  },
  {
    name: "clients in the overlap of releases",
    text: fleet("pgbouncer: {maxClientConnections: 39}"),
    path: "pgbouncer.maxClientConnections",
    says: ["got 39", "twice while two releases overlap, need 40"],
  },
  {
    name: "one server's pool beyond all",
    text: server("name: scene", "port: 3001", "poolSize: 151"),
    path: "servers.scene.poolSize",
    says: ["maxDbConnections 150"],
  },
  {
    name: "buffers beyond the memory",
    text: fleet("postgres: {sharedBuffers: 2GB}"),
    path: "postgres.memoryMb",
    says: ["got 768", "= 2240 MiB must fit"],
  },
  {
    name: "buffers below the least",
    text: fleet("postgres: {walBuffers: 16kB}"),
    path: "postgres.walBuffers",
    says: ["got 16kB", "accepts 32kB to"],
  },
  {
    name: "sorts beyond the memory",
    text: fleet("postgres: {workMem: 512MB}"),
    path: "postgres.workMem",
    says: ["a quarter of memoryMb, 192MB"],
  },
  {
    name: "log buffers beyond the buffers",
    text: fleet("postgres: {walBuffers: 512MB}"),
    path: "postgres.walBuffers",
    says: ["at most sharedBuffers, 256MB"],
  },
  {
    name: "more workers than there are",
    text: fleet("postgres: {maxParallelWorkersPerGather: 8}"),
    path: "postgres.maxParallelWorkersPerGather",
    says: ["maxWorkerProcesses 4"],
  },
  {
    name: "PostgreSQL's own database",
    text: fleet("postgres: {name: postgres}"),
    path: "postgres.name",
    says: ['got "postgres"', "choose another name"],
  },
  {
    name: "superuser as owner",
    text: fleet("postgres: {owner: postgres}"),
    path: "postgres.owner",
    says: ['got "postgres"'],
  },
  {
    name: "owner named as a server's login",
    text: fleet("postgres: {owner: scene_a}"),
    path: "postgres.owner",
    says: ["server scene has a schema or login role"],
  },
  {
    name: "scrape slower than its interval",
    text: fleet("monitoring: {prometheus: {scrapeIntervalSeconds: 5}}"),
    path: "monitoring.prometheus.scrapeTimeoutSeconds",
    says: ["got 10", "at most scrapeIntervalSeconds, 5"],
  },
  {
    name: "probe slower than its interval",
    text: server("name: scene", "port: 3001", "health: {intervalSeconds: 5}"),
    path: "servers.scene.health.timeoutSeconds",
    says: ["got 10", "at most intervalSeconds, 5"],
  },
  {
    name: "probes of all servers",
    text: fleet("serverDefaults: {health: {timeoutSeconds: 60}}"),
    path: "serverDefaults.health.timeoutSeconds",
    says: ["got 60", "at most intervalSeconds, 30"],
  },
  {
    name: "drain longer than the gateway waits",
    text: fleet("gateway: {hardStopAfterSeconds: 60}", "serverDefaults: {drainSeconds: 60}"),
    path: "serverDefaults.drainSeconds",
    says: ["below gateway.hardStopAfterSeconds, 60"],
  },
  {
    name: "variable of the platform",
    text: server("name: scene", "port: 3001", "env: {LOG_LEVEL: debug}"),
    path: "servers.scene.env.LOG_LEVEL",
    says: ["the platform sets", "set logging.level"],
    source: `${here}:5:11`,
  },
  {
    name: "variable of the database",
    text: server("name: scene", "port: 3001", "env: {DATABASE_URL: x}"),
    path: "servers.scene.env.DATABASE_URL",
    says: ["variables of the database"],
  },
  {
    name: "password of libpq",
    text: server("name: scene", "port: 3001", "env: {PGPASSWORD: x}"),
    path: "servers.scene.env.PGPASSWORD",
    says: ["variables of the database"],
  },
  {
    name: "secret in env",
    text: fleet("serverDefaults: {env: {API_KEY: x}}"),
    path: "serverDefaults.env.API_KEY",
    says: ["looks like a secret", "name the file in API_KEY_FILE"],
  },
  {
    name: "login in a URL in env",
    text: server("name: scene", "port: 3001", "env: {UPSTREAM: 'https://me:hunter2@host/'}"),
    path: "servers.scene.env.UPSTREAM",
    says: ["looks like a secret"],
  },
  {
    name: "unknown fault",
    text: fleet(),
    with: { sets: ["servers.scene.env.FAULT=explode"] },
    path: "servers.scene.env.FAULT",
    says: ["unready", "slow:<ms>"],
    source: "--set",
  },
  {
    name: "no default client",
    text: fleet("gateway: {clients: [{name: web}]}"),
    path: "gateway.clients",
    says: ["the client default must be among them"],
  },
  {
    name: "double client",
    text: fleet("gateway: {clients: [{name: default}, {name: default}]}"),
    path: "gateway.clients[1].name",
    says: ["clients[0] has the same name"],
  },
];

describe("what does not fit together", () => testCases(ruleCases));
