import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { configSchema, configShow, configValidate } from "../../../../infra/cli/commands/config.ts";
import { projectRoot } from "../../config/fixture.ts";

const ctx = { rootDir: projectRoot, stack: "staging", sets: [], env: {} };

describe("config validate", () => {
  it("says in one line what the stack runs", () => {
    expect(configValidate(ctx)).toEqual({
      output:
        "ok: stack staging runs fleet writing (staging): 10 servers, 14 host ports, gateway on 127.0.0.1:8080\n",
      exitCode: 0,
    });
  });

  it("lists every problem and exits with 1", () => {
    const { output, exitCode } = configValidate({
      ...ctx,
      sets: ["servers.scene.port=80", "postgres.fsync=off"],
      env: { LOG_LEVEL: "loud" },
    });
    expect(exitCode).toBe(1);
    expect(output.split("\n")).toEqual([
      "fleet fleets/writing.yaml has 3 problem(s):",
      expect.stringContaining(
        '  logging.level: got "loud"; debug, info, warn or error (environment LOG_LEVEL)',
      ),
      expect.stringContaining("  servers.scene.port: got 80; "),
      expect.stringContaining('  postgres.fsync: got "off"; '),
      "",
    ]);
  });
});

describe("config schema", () => {
  it("is a JSON Schema", () => {
    const { output, exitCode } = configSchema();
    expect(exitCode).toBe(0);
    expect(JSON.parse(output)).toMatchObject({ type: "object", required: ["name", "servers"] });
  });
});

describe("config show", () => {
  it("prints the whole fleet and where overridden values come from", () => {
    const { output } = configShow(
      {
        ...ctx,
        stack: "production",
        sets: ["servers.scene.env.FAULT=unready", "serverDefaults.memoryMb=200"],
      },
      { json: false },
    );
    expect(output).toContain("environment: production # stack config\n");
    expect(output).toContain("port: 8081 # stack config\n");
    expect(output).toContain("FAULT: unready # --set\n");
    expect(output.match(/memoryMb: 200 # --set/g)).toHaveLength(10);
    expect(output).toContain("level: info\n");
    expect(parse(output)).toMatchObject({
      name: "writing",
      gateway: { rateLimit: { perSeconds: 60 } },
    });
  });

  it("prints JSON of the same", () => {
    const json = configShow(ctx, { json: true }).output;
    expect(JSON.parse(json)).toEqual(parse(configShow(ctx, { json: false }).output));
  });

  it("prints problems instead of a broken fleet", () => {
    const { output, exitCode } = configShow({ ...ctx, sets: ["gateway.port=1"] }, { json: true });
    expect([output.split("\n")[0], exitCode]).toEqual([
      "fleet fleets/writing.yaml has 1 problem(s):",
      1,
    ]);
  });
});
