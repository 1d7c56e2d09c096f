import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { loadStackFleet } from "../../../infra/cli/commands/config.ts";
import { readStackFile } from "../../../infra/config/index.ts";
import { DOMAIN_NAMES } from "../../../servers/domains/names.ts";
import { projectRoot } from "./fixture.ts";

const stack = (name: string, sets: readonly string[] = []) =>
  loadStackFleet({ rootDir: projectRoot, stack: name, sets, env: {} }).fleet;

describe("the writing fleet", () => {
  it("has the ten servers on 3001-3010, database-admin critical", () => {
    const { servers } = stack("staging");
    expect(servers.map(({ name }) => name)).toEqual(DOMAIN_NAMES);
    expect(servers.map(({ port }) => port)).toEqual(servers.map((_, index) => 3001 + index));
    expect(servers.filter(({ critical }) => critical).map(({ name }) => name)).toEqual([
      "database-admin",
    ]);
  });

  it("has the settings of the guide", () => {
    expect(stack("staging")).toMatchObject({
      environment: "staging",
      logging: { level: "info", format: "json", maxSizeMb: 10, maxFiles: 5 },
      postgres: {
        name: "mcp_series",
        owner: "writer",
        maxConnections: 200,
        sharedBuffers: "256MB",
        checkpointCompletionTarget: 0.9,
      },
      pgbouncer: {
        poolMode: "transaction",
        defaultPoolSize: 50,
        reservePoolSize: 20,
        maxClientConnections: 2000,
      },
      monitoring: {
        prometheus: { port: 9090, retentionDays: 30 },
        grafana: { port: 3000, adminUser: "admin" },
      },
    });
  });

  it("writes every setting out, so that a reader sees what there is", () => {
    const text = readFileSync(join(projectRoot, "fleets", "writing.yaml"), "utf8");
    const file = parse(text) as Record<string, Record<string, unknown>>;
    const fleet = stack("staging");
    const missing = (
      ["logging", "postgres", "pgbouncer", "gateway", "monitoring"] as const
    ).flatMap((part) => Object.keys(fleet[part]).filter((key) => !(key in (file[part] ?? {}))));
    expect(missing).toEqual([]);
  });

  it("grows by one entry of the list", () => {
    const text = readFileSync(join(projectRoot, "fleets", "writing.yaml"), "utf8");
    const { servers } = parse(text) as { servers: unknown[] };
    const eleven = [...servers, { name: "npe", port: 3011, domain: "scene" }];
    const { servers: grown } = stack("staging", [`servers=${JSON.stringify(eleven)}`]);
    expect(grown).toHaveLength(11);
    expect(grown[10]).toMatchObject({ name: "npe", domain: "scene", memoryMb: 160 });
  });
});

describe("staging and production", () => {
  it("differ in environment alone, and in where they run", () => {
    const production = stack("production");
    expect(production.environment).toBe("production");
    expect({ ...production, environment: "staging" }).toEqual(stack("staging"));
    const platforms = ["staging", "production"].map(
      (name) => readStackFile(projectRoot, name).settings.platform,
    );
    expect(platforms).toEqual(["docker", "kubernetes"]);
  });
});
