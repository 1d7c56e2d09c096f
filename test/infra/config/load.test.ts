import { describe, expect, it } from "vitest";
import { environmentOverrides, loadFleet, ConfigError } from "../../../infra/config/index.ts";
import { fleet, load, problemsOf, projectWith, server } from "./fixture.ts";

describe("defaults", () => {
  it("gives a server what it does not set", () => {
    const [scene] = load(server("name: scene", "port: 3001")).fleet.servers;
    expect(scene).toEqual({
      name: "scene",
      port: 3001,
      domain: "scene",
      critical: false,
      dependsOn: [],
      memoryMb: 160,
      cpus: 1,
      poolSize: 10,
      env: {},
      drainSeconds: 30,
      sessionIdleSeconds: 1800,
      sessionMax: 1000,
      health: { intervalSeconds: 30, timeoutSeconds: 10, retries: 3, startPeriodSeconds: 40 },
    });
  });

  it("lets serverDefaults come before the schema, and the server before both", () => {
    const { fleet: spec } = load(
      fleet(
        "    poolSize: 7",
        "    env: {B: server}",
        "    health: {retries: 9}",
        "serverDefaults:",
        "  poolSize: 5",
        "  image: registry.example/mcp:1",
        "  env: {A: all, B: all}",
        "  health: {retries: 5, intervalSeconds: 20}",
      ),
    );
    expect(spec.servers.map((s) => [s.poolSize, s.env, s.health.retries, s.image])).toEqual([
      [5, { A: "all", B: "all" }, 5, "registry.example/mcp:1"],
      [7, { A: "all", B: "server" }, 9, "registry.example/mcp:1"],
    ]);
    // A server that sets one part of its health check keeps the fleet's other parts.
    expect(spec.servers[1]?.health.intervalSeconds).toBe(20);
  });

  it("takes any name for a server with an own image", () => {
    const text = server("name: kanban", "port: 3015", "image: registry.example:5000/kanban:2");
    expect(load(text).fleet.servers[0]).toMatchObject({ domain: "kanban" });
  });
});

describe("order of overrides", () => {
  const text = fleet("logging: {level: debug}");
  const stack = { "logging.level": "info" };
  const env = { LOG_LEVEL: "warn" };
  const sets = ["logging.level=error"];

  it.each([
    ["default", fleet(), {}, "info", undefined],
    ["file", text, {}, "debug", "fleet file"],
    ["stack", text, { stack }, "info", "stack config"],
    ["environment", text, { stack, env }, "warn", "environment LOG_LEVEL"],
    ["--set", text, { stack, env, sets }, "error", "--set"],
    ["last --set", text, { sets: [...sets, "logging.level=warn"] }, "warn", "--set"],
  ])("%s", (_, file, overrides, level, origin) => {
    const loaded = load(file, overrides);
    expect(loaded.fleet.logging.level).toBe(level);
    expect(loaded.origins.get("logging.level")).toBe(origin);
  });
});

describe("environment", () => {
  const values: Readonly<Record<string, string>> = {
    LOG_LEVEL: "warn",
    LOG_FORMAT: "text",
    POSTGRES_DB: "other_db",
    POSTGRES_USER: "other_owner",
    POSTGRES_SHARED_BUFFERS: "128MB",
    POSTGRES_EFFECTIVE_CACHE_SIZE: "2GB",
    POSTGRES_MAINTENANCE_WORK_MEM: "64MB",
    POSTGRES_WAL_BUFFERS: "8MB",
    POSTGRES_CHECKPOINT_COMPLETION_TARGET: "0.7",
    POSTGRES_MAX_WORKER_PROCESSES: "8",
    POSTGRES_MAX_PARALLEL_WORKERS_PER_GATHER: "3",
    POSTGRES_EFFECTIVE_IO_CONCURRENCY: "100",
    PGBOUNCER_DEFAULT_POOL_SIZE: "40",
    PGBOUNCER_MAX_CLIENT_CONN: "1500",
    GRAFANA_ADMIN_USER: "boss",
  };

  it("has a value above for every variable", () => {
    expect(Object.keys(values).sort()).toEqual(Object.keys(environmentOverrides).sort());
  });

  it.each(Object.entries(environmentOverrides))("%s sets %s", (name, path) => {
    const loaded = load(fleet(), { env: { [name]: values[name] } });
    const value = path
      .split(".")
      .reduce<unknown>((holder, key) => (holder as Record<string, unknown>)[key], loaded.fleet);
    expect(String(value)).toBe(values[name]);
    expect(loaded.origins.get(path)).toBe(`environment ${name}`);
  });

  it("takes an empty variable for none", () => {
    expect(load(fleet(), { env: { LOG_LEVEL: "", MCP_AUTH_TOKEN: "" } }).fleet.logging.level).toBe(
      "info",
    );
  });
});

describe("--set", () => {
  it.each([
    ["servers.review.image=registry.example/x:1", { image: "registry.example/x:1" }],
    ["servers[1].image=registry.example/x:1", { image: "registry.example/x:1" }],
    ["servers.1.memoryMb=256", { memoryMb: 256 }],
    ["servers.review.critical=true", { critical: true }],
    ["servers.review.env.FAULT=unready", { env: { FAULT: "unready" } }],
    ["servers.review.env.LIMIT=5", { env: { LIMIT: "5" } }],
    ["servers.review.env.EQUATION=a=b=c", { env: { EQUATION: "a=b=c" } }],
    ["servers.review.env.EMPTY=", { env: { EMPTY: "" } }],
    ["servers.review.dependsOn=[scene]", { dependsOn: ["scene"] }],
    ["servers.review.cpus=.5", { cpus: 0.5 }],
    ["servers.review={memoryMb: 99, critical: true}", { memoryMb: 99, critical: true, port: 3002 }],
  ])("%s", (set, expected) => {
    expect(load(fleet(), { sets: [set] }).fleet.servers[1]).toMatchObject(expected);
  });

  it("makes the maps on its way and leaves the other settings alone", () => {
    const { fleet: spec } = load(fleet("gateway: {port: 9000}"), {
      sets: ["gateway.rateLimit.requests=5", "postgres.fsync=true"],
    });
    expect(spec.gateway).toMatchObject({ port: 9000, rateLimit: { requests: 5, perSeconds: 60 } });
    expect(spec.postgres.fsync).toBe("on");
  });

  it("finds a server under the name that the file gives it", () => {
    const sets = ["servers.scene.name=author", "servers.author.port=4000"];
    expect(load(fleet(), { sets }).fleet.servers[0]).toMatchObject({ name: "author", port: 4000 });
  });
});

describe("stack overrides", () => {
  it("takes maps with the names of servers, as `pulumi config set --path` writes them", () => {
    const stack = { servers: { review: { memoryMb: 300, env: { A: "b" } } } };
    const { fleet: spec, origins } = load(fleet(), { stack });
    expect(spec.servers[1]).toMatchObject({ port: 3002, memoryMb: 300, env: { A: "b" } });
    expect(origins.get("servers.review.memoryMb")).toBe("stack config");
    const [problem] = problemsOf(fleet(), { stack: { servers: { reviews: { memoryMb: 300 } } } });
    expect(problem).toMatchObject({ path: "servers.reviews", source: "stack config" });
  });

  it("takes nested maps and typed values, and gives a variable what it wants", () => {
    const { fleet: spec } = load(fleet(), {
      stack: { gateway: { port: 8090, rateLimit: { requests: 9 } }, "servers.scene.env.LIMIT": 5 },
    });
    expect(spec.gateway).toMatchObject({ port: 8090, rateLimit: { requests: 9, perSeconds: 60 } });
    expect(spec.servers[0]?.env).toEqual({ LIMIT: "5" });
  });
});

describe("the file itself", () => {
  it.each([
    ["empty", "", "an empty file", "name and servers are required"],
    ["only comments", "# nothing\n", "an empty file", "name, environment"],
    ["a list", "- name: x\n", "a list", "a map with name"],
    ["a text", "hello\n", "a single value", "a map with name"],
  ])("%s", (_, text, got, says) => {
    const [problem, ...more] = problemsOf(text);
    expect(more).toEqual([]);
    expect(problem).toMatchObject({ path: "fleets/test.yaml", got });
    expect(`${problem?.allowed}; ${problem?.fix}`).toContain(says);
  });

  it.each([
    ["a tab", "name: x\nservers:\n\t- name: y\n", "use spaces", "3:1"],
    [
      "a key twice",
      fleet("logging: {level: info}", "logging: {level: warn}"),
      "stands here twice",
      "8:1",
    ],
    ["an open bracket", "name: [x\n", "closing bracket", "2:1"],
    ["an open quote", 'name: "x\n', "closing quote", "2:1"],
    ["two colons", "name: a: b\n", 'a second ": "', "1:7"],
    ["two documents", "name: a\n---\nname: b\n", "several documents", "2:1"],
    ["an unknown anchor", "name: *nobody\n", "no anchor &nobody", "1:7"],
    ["a tag", fleet("gateway: !vault {}"), "tags", "7:10"],
    ["a reserved character", "name: @x\n", "put it in quotes", "1:7"],
  ])("%s", (_, text, says, position) => {
    const problem = problemsOf(text).find(({ allowed }) => allowed.includes(says));
    expect(problem?.source).toBe(`fleets/test.yaml:${position}`);
  });

  it("goes on after a key that stands twice", () => {
    const paths = problemsOf(fleet("postgres: {fsync: off}", "postgres: {fsync: off}"));
    expect(paths.map(({ path }) => path)).toEqual(["fleets/test.yaml", "postgres.fsync"]);
  });

  it("refuses aliases that multiply", () => {
    const levels = Array.from({ length: 8 }, (_, i) => {
      const inner = Array.from({ length: 9 }, () => (i === 0 ? "x" : `*a${i - 1}`)).join(",");
      return `a${i}: &a${i} [${inner}]`;
    });
    const problems = problemsOf([...levels, ""].join("\n"));
    expect(problems).toHaveLength(1);
    expect(problems[0]?.allowed).toContain("aliases multiply");
    expect(problems[0]?.source).toMatch(/^fleets\/test\.yaml:2:/);
  });

  it("lets anchors be used for what they are good for", () => {
    const text = fleet("    health: &h {retries: 4}", "serverDefaults: {health: *h}");
    expect(load(text).fleet.servers[0]?.health.retries).toBe(4);
    const bad = fleet("    health: &h {retries: 0}", "serverDefaults: {health: *h}");
    expect(problemsOf(bad).map(({ source }) => source)).toEqual([
      "fleets/test.yaml:7:26",
      "fleets/test.yaml:7:26",
    ]);
  });

  it("takes no prototype from a file", () => {
    const paths = problemsOf(fleet("__proto__: {polluted: true}")).map(({ path }) => path);
    expect(paths).toEqual(["__proto__"]);
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
  });

  it("names the fleets that exist when a file is missing", () => {
    const rootDir = projectWith(fleet());
    const source = { fleetPath: "fleets/tset.yaml", env: {}, sets: [], rootDir };
    expect(() => loadFleet(source)).toThrow(
      new ConfigError("fleet fleets/tset.yaml", [
        { path: "fleets/tset.yaml", allowed: "no such file", fix: "there is fleets/test.yaml" },
      ]),
    );
    expect(() => loadFleet({ ...source, fleetPath: "fleets" })).toThrow(/not a file/);
  });

  it("prints problems one a line, under what they are problems of", () => {
    const source = {
      fleetPath: "fleets/test.yaml",
      env: {},
      sets: [],
      rootDir: projectWith(server("name: scene", "port: 80")),
    };
    expect(() => loadFleet(source)).toThrow(
      "fleet fleets/test.yaml has 1 problem(s):\n" +
        "  servers.scene.port: got 80; ports below 1024 need root; pick 1024-65535 (fleets/test.yaml:4:11)",
    );
  });
});
