import { describe, expect, it } from "vitest";
import { fleet, problemsOf, server, type Overrides } from "./fixture.ts";

interface Case {
  readonly name: string;
  readonly text: string;
  readonly with?: Overrides;
  readonly path: string;
  /** Parts of the message. */
  readonly says: readonly string[];
  readonly source?: string;
}

const here = "fleets/test.yaml";

const schemaCases: readonly Case[] = [
  {
    name: "privileged port",
    text: server("name: scene", "port: 80"),
    path: "servers.scene.port",
    says: ["got 80", "below 1024 need root", "1024-65535"],
    source: `${here}:4:11`,
  },
  {
    name: "port too high",
    text: server("name: scene", "port: 70000"),
    path: "servers.scene.port",
    says: ["got 70000", "65535"],
  },
  {
    name: "port as text",
    text: server("name: scene", 'port: "3001"'),
    path: "servers.scene.port",
    says: ['got "3001"', "a whole number"],
  },
  {
    name: "port missing",
    text: server("name: scene"),
    path: "servers.scene.port",
    says: ["missing", "1024 to 65535"],
    source: `${here}:3:5`,
  },
  {
    name: "port left empty",
    text: server("name: scene", "port:"),
    path: "servers.scene.port",
    says: ["got nothing", "remove the line"],
  },
  {
    name: "server name missing",
    text: server("port: 3001"),
    path: "servers[0].name",
    says: ["missing"],
  },
  {
    name: "server name with capitals",
    text: server("name: Scene", "port: 3001"),
    path: "servers[0].name",
    says: ['got "Scene"', "lower-case letters"],
    source: `${here}:3:11`,
  },
  {
    name: "server name with underscore",
    text: server("name: my_scene", "port: 3001"),
    path: "servers[0].name",
    says: ["single dashes"],
  },
  {
    name: "server name too long",
    text: server(`name: ${"a".repeat(41)}`, "port: 3001"),
    path: "servers[0].name",
    says: ["at most 40 characters"],
  },
  {
    name: "server is no map",
    text: "name: test\nservers:\n  - scene\n",
    path: "servers[0]",
    says: ['got "scene"', "a map with name, port"],
  },
  {
    name: "servers is no list",
    text: "name: test\nservers:\n  scene: 3001\n",
    path: "servers",
    says: ["got a map", "a list"],
  },
  {
    name: "servers is empty",
    text: "name: test\nservers: []\n",
    path: "servers",
    says: ["got an empty list", "at least one server"],
  },
  { name: "servers missing", text: "name: test\n", path: "servers", says: ["missing", "a list"] },
  {
    name: "fleet name missing",
    text: "servers:\n  - {name: scene, port: 3001}\n",
    path: "name",
    says: ["missing"],
  },
  {
    name: "unknown key",
    text: fleet("gatway: {port: 8080}"),
    path: "gatway",
    says: ["unknown setting", "did you mean gateway?"],
    source: `${here}:7:1`,
  },
  {
    name: "unknown key of a server",
    text: server("name: scene", "port: 3001", "memory: 5"),
    path: "servers.scene.memory",
    says: ["unknown setting", "Known here|known here", "memoryMb"],
  },
  {
    name: "snake case",
    text: fleet("postgres: {max_connections: 300}"),
    path: "postgres.max_connections",
    says: ["did you mean maxConnections?"],
  },
  {
    name: "fsync off",
    text: fleet("postgres:", "  fsync: off"),
    path: "postgres.fsync",
    says: ['got "off"', 'only "on" is allowed', "remove the line"],
    source: `${here}:8:10`,
  },
  {
    name: "full page writes off",
    text: fleet("postgres: {fullPageWrites: false}"),
    path: "postgres.fullPageWrites",
    says: ["got false", 'only "on"'],
  },
  {
    name: "synchronous commit off",
    text: fleet("postgres: {synchronousCommit: local}"),
    path: "postgres.synchronousCommit",
    says: ["acknowledged write"],
  },
  {
    name: "memory size without unit",
    text: fleet("postgres: {sharedBuffers: 256}"),
    path: "postgres.sharedBuffers",
    says: ["got 256", "a text|kB, MB or GB"],
  },
  {
    name: "memory size with a wrong unit",
    text: fleet("postgres: {sharedBuffers: 256M}"),
    path: "postgres.sharedBuffers",
    says: ['got "256M"', "kB, MB or GB"],
  },
  {
    name: "fraction out of range",
    text: fleet("postgres: {checkpointCompletionTarget: 1.5}"),
    path: "postgres.checkpointCompletionTarget",
    says: ["got 1.5", "from 0.1 to 1"],
  },
  {
    name: "identifier with a dash",
    text: fleet("postgres: {name: mcp-series}"),
    path: "postgres.name",
    says: ["a PostgreSQL identifier"],
  },
  {
    name: "session pooling",
    text: fleet("pgbouncer: {poolMode: session}"),
    path: "pgbouncer.poolMode",
    says: ['got "session"', 'only "transaction" is supported'],
  },
  {
    name: "image with a space",
    text: server("name: scene", "port: 3001", 'image: "registry/scene :1"'),
    path: "servers.scene.image",
    says: ["an image reference"],
  },
  {
    name: "image with capitals",
    text: server("name: scene", "port: 3001", "image: registry.example/Team/Scene:1"),
    path: "servers.scene.image",
    says: ["an image reference"],
  },
  {
    name: "image with a short digest",
    text: server("name: scene", "port: 3001", "image: scene@sha256:abc123"),
    path: "servers.scene.image",
    says: ['got "scene@sha256:abc123"', "64 hex digits"],
  },
  {
    name: "negative cpu",
    text: server("name: scene", "port: 3001", "cpus: -1"),
    path: "servers.scene.cpus",
    says: ["got -1", "at least 0.05 cores"],
  },
  {
    name: "memory below what starts",
    text: server("name: scene", "port: 3001", "memoryMb: 4"),
    path: "servers.scene.memoryMb",
    says: ["got 4", "at least 16 MiB"],
  },
  {
    name: "fractional seconds",
    text: server("name: scene", "port: 3001", "drainSeconds: 1.5"),
    path: "servers.scene.drainSeconds",
    says: ["got 1.5", "whole seconds from 0 to 600"],
  },
  {
    name: "number in env",
    text: server("name: scene", "port: 3001", "env: {LIMIT: 5}"),
    path: "servers.scene.env.LIMIT",
    says: ["in quotes"],
  },
  {
    name: "bad name in env",
    text: server("name: scene", "port: 3001", "env: {MY-LIMIT: a}"),
    path: "servers.scene.env.MY-LIMIT",
    says: ["environment variable name"],
  },
  {
    name: "log level",
    text: fleet("logging: {level: verbose}"),
    path: "logging.level",
    says: ['got "verbose"', "debug, info, warn or error"],
  },
  {
    name: "bind to a name",
    text: fleet("gateway: {bind: localhost}"),
    path: "gateway.bind",
    says: ['got "localhost"', "an IP address"],
  },
  {
    name: "origin with a path",
    text: fleet('gateway: {allowedOrigins: ["https://app.example/x"]}'),
    path: "gateway.allowedOrigins[0]",
    says: ["an origin without path"],
  },
  {
    name: "any origin",
    text: fleet('gateway: {allowedOrigins: ["*"]}'),
    path: "gateway.allowedOrigins[0]",
    says: ['got "*"'],
  },
  {
    name: "yes for true",
    text: fleet("gateway: {serverPorts: yes}"),
    path: "gateway.serverPorts",
    says: ['got "yes"', "true or false"],
  },
  {
    name: "pool size zero",
    text: fleet("pgbouncer: {defaultPoolSize: 0}"),
    path: "pgbouncer.defaultPoolSize",
    says: ["got 0", "from 1 to 10000"],
  },
  {
    name: "grafana switch",
    text: fleet("monitoring: {grafana: {enabled: true}}"),
    path: "monitoring.grafana.enabled",
    says: ["got true", "auto, yes or no"],
  },
  {
    name: "health of one server",
    text: server("name: scene", "port: 3001", "health: {retries: 0}"),
    path: "servers.scene.health.retries",
    says: ["got 0", "from 1 to 100"],
  },
];

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

const overrideCases: readonly Case[] = [
  {
    name: "--set without a value",
    text: fleet(),
    with: { sets: ["servers.scene.port"] },
    path: "--set",
    says: ["path=value"],
  },
  {
    name: "--set of an unknown server",
    text: fleet(),
    with: { sets: ["servers.scen.port=3005"] },
    path: "servers.scen",
    says: ["no such entry in servers", "did you mean scene?", "scene, review"],
    source: "--set",
  },
  {
    name: "--set of an index too high",
    text: fleet(),
    with: { sets: ["servers[7].port=3005"] },
    path: "servers.7",
    says: ["no such entry"],
  },
  {
    name: "--set of an unknown setting",
    text: fleet(),
    with: { sets: ["gateway.prot=3005"] },
    path: "gateway.prot",
    says: ["did you mean port?"],
  },
  {
    name: "--set below a single value",
    text: fleet(),
    with: { sets: ["gateway.port.x=1"] },
    path: "gateway.port.x",
    says: ["gateway.port is a single value"],
  },
  {
    name: "--set of a prototype",
    text: fleet(),
    with: { sets: ["servers.scene.env.__proto__=1"] },
    path: "servers.scene.env.__proto__",
    says: ["a path of names"],
  },
  {
    name: "--set of a bad number",
    text: fleet(),
    with: { sets: ["gateway.port=eighty"] },
    path: "gateway.port",
    says: ['got "eighty"', "a whole number"],
    source: "--set",
  },
  {
    name: "--set of a bad list",
    text: fleet(),
    with: { sets: ["servers.scene.dependsOn=review"] },
    path: "servers.scene.dependsOn",
    says: ["a list"],
    source: "--set",
  },
  {
    name: "--set of a bad image",
    text: fleet(),
    with: { sets: ["servers.scene.image=UPPER CASE"] },
    path: "servers.scene.image",
    says: ["an image reference"],
    source: "--set",
  },
  {
    name: "environment: level",
    text: fleet(),
    with: { env: { LOG_LEVEL: "loud" } },
    path: "logging.level",
    says: ['got "loud"'],
    source: "environment LOG_LEVEL",
  },
  {
    name: "environment: number",
    text: fleet(),
    with: { env: { PGBOUNCER_DEFAULT_POOL_SIZE: "many" } },
    path: "pgbouncer.defaultPoolSize",
    says: ['got "many"', "a whole number from 1"],
    source: "environment PGBOUNCER_DEFAULT_POOL_SIZE",
  },
  {
    name: "environment: size",
    text: fleet(),
    with: { env: { POSTGRES_SHARED_BUFFERS: "lots" } },
    path: "postgres.sharedBuffers",
    says: ['got "lots"'],
    source: "environment POSTGRES_SHARED_BUFFERS",
  },
  {
    name: "environment: short token",
    text: fleet(),
    with: { env: { MCP_AUTH_TOKEN: "short-token-77" } },
    path: "MCP_AUTH_TOKEN",
    says: ["not shown", "at least 32"],
    source: "environment MCP_AUTH_TOKEN",
  },
  {
    name: "stack: unknown server",
    text: fleet(),
    with: { stack: { "servers.sceen.port": 3005 } },
    path: "servers.sceen",
    says: ["did you mean scene?"],
    source: "stack config",
  },
  {
    name: "stack: unknown setting in a map",
    text: fleet(),
    with: { stack: { gateway: { porte: 1 } } },
    path: "gateway.porte",
    says: ["did you mean port?"],
    source: "stack config",
  },
];

describe.each([
  ["schema", schemaCases],
  ["rules", ruleCases],
  ["overrides", overrideCases],
])("%s", (_, cases) => {
  it.each(cases.map((entry) => [entry.name, entry] as const))("%s", (_name, entry) => {
    const problems = problemsOf(entry.text, entry.with);
    expect(problems.map((problem) => problem.path)).toEqual([entry.path]);
    const [problem] = problems;
    const words = [
      problem?.got === undefined ? "" : `got ${problem.got}`,
      problem?.allowed,
      problem?.fix,
    ].join("; ");
    for (const phrase of entry.says) {
      expect(
        phrase.split("|").some((form) => words.includes(form)),
        `"${phrase}" in: ${words}`,
      ).toBe(true);
    }
    if (entry.source !== undefined) {
      expect(problem?.source).toBe(entry.source);
    }
  });
});

describe("all at once", () => {
  it("lists all thirteen problems of a file, of schema and rules together, in one error", () => {
    const text = [
      "name: Bad Name",
      "servers:",
      "  - {name: scene, port: 80}",
      "  - {name: review, port: 3002, dependsOn: [nobody]}",
      "  - {name: review, port: 3003}",
      "  - {name: author, port: 3002}",
      "  - {port: 3009, domain: reporting, env: {API_TOKEN: abc}}",
      "postgres: {fsync: off, max_connections: 5, sharedBuffers: 1GB}",
      "pgbouncer: {maxDbConnections: 400}",
      "gateway: {port: 9090, bind: localhost}",
      "",
    ].join("\n");
    expect(
      problemsOf(text)
        .map((problem) => problem.path)
        .sort(),
    ).toEqual(
      [
        "name",
        "servers.scene.port",
        "servers[4].name",
        "servers[1].dependsOn[0]",
        "servers[2].name",
        "servers.author.port",
        "servers[4].env.API_TOKEN",
        "postgres.fsync",
        "postgres.max_connections",
        "postgres.memoryMb",
        "postgres.maxConnections",
        "monitoring.prometheus.port",
        "gateway.bind",
      ].sort(),
    );
  });

  it("reports a file's and a command's problems together", () => {
    const paths = problemsOf(fleet("postgres: {fsync: off}"), {
      sets: ["servers.nobody.port=1", "bare"],
      env: { LOG_FORMAT: "xml", MCP_AUTH_TOKEN: "x" },
      stack: { "gateway.port": 1 },
    }).map((problem) => problem.path);
    expect(paths).toEqual([
      "MCP_AUTH_TOKEN",
      "--set",
      "servers.nobody",
      "logging.format",
      "postgres.fsync",
      "gateway.port",
    ]);
  });
});

describe("secrets", () => {
  it.each([
    ["as a port", server("name: scene", "port: ghp_0123456789abcdefghijABCDEFGHIJ012345")],
    [
      "as an image",
      server("name: scene", "port: 3001", "image: 'sk-live-0123456789abcdefghijABCDEFGH'"),
    ],
    ["as an unknown key's value", fleet("password: hunter2hunter2hunter2")],
    ["as a key", fleet("0123456789abcdefghijABCDEFGHIJ012345: 1")],
    ["in env", server("name: scene", "port: 3001", "env: {GREETING: [hunter2hunter2hunter2]}")],
    ["in a broken line", "name: test\npassword: 'hunter2hunter2hunter2\n"],
  ])("are not in the message: %s", (_, text) => {
    const problems = problemsOf(text);
    expect(problems.length).toBeGreaterThan(0);
    expect(JSON.stringify(problems)).not.toMatch(/hunter2|0123456789abcdef/);
  });

  it("are not in the message: --set", () => {
    const problems = problemsOf(fleet(), {
      sets: [
        "0123456789abcdefghijABCDEFGHIJ",
        "servers.scene.env.PASSWORD=hunter2",
        "token=hunter2",
        "gateway.bind=hunter2:hunter2://a:hunter2@b",
      ],
      env: { MCP_AUTH_TOKEN: "hunter2 hunter2 hunter2 hunter2 hunter2 hunter2" },
    });
    expect(problems).toHaveLength(5);
    expect(JSON.stringify(problems)).not.toMatch(/hunter2|0123456789abcdef/);
  });
});
