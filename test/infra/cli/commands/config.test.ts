import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { configSchema, configShow, configValidate } from "../../../../infra/cli/commands/config.ts";
import { projectRoot } from "../../config/fixture.ts";

const ctx = { rootDir: projectRoot, stack: "staging", sets: [], env: {} };

describe("config validate", () => {
  it("says in one line what the stack runs, and that its alerts reach nobody", () => {
    expect(configValidate(ctx)).toEqual({
      output:
        "ok: stack staging runs fleet writing (staging): 10 servers, 14 host ports, gateway on 127.0.0.1:8080\n" +
        "note: alerts show on the consoles only: monitoring.alertmanager.receivers is empty\n",
      exitCode: 0,
    });
  });

  it("says where a cluster has it, in place of ports of a host", () => {
    expect(configValidate({ ...ctx, stack: "production" }).output).toContain(
      "ok: stack production runs fleet writing (production): 10 servers, in namespace mcp-fleet-production of a cluster\n",
    );
  });

  it("refuses receivers whose secrets the stack does not have, all of them", () => {
    const set = (path: string, value: unknown) =>
      `monitoring.alertmanager.${path}=${JSON.stringify(value)}`;
    const { output, exitCode } = configValidate({
      ...ctx,
      sets: [
        set("receivers", [
          { name: "pager", kind: "pagerduty" },
          {
            ...{ name: "post", kind: "email", to: "a@example.com", from: "b@example.com" },
            smarthost: "mail.example:587",
          },
          { name: "chat", kind: "slack", channel: "#alerts" },
        ]),
        set("routes.critical", ["pager"]),
      ],
    });
    expect(exitCode).toBe(1);
    const secret = "without it, nobody is told";
    const command = `pulumi config set --secret mcp-fleet:receivers '{"pager":"...","chat":"..."}'`;
    expect(output).toContain("has 2 problem(s)");
    expect(output).toMatch(/receivers\.pager: got pagerduty pager; .*--set/);
    expect(output).toMatch(/receivers\.chat: got slack chat; .*--set/);
    expect(output.split(secret)).toHaveLength(3);
    expect(output.split(command)).toHaveLength(3);
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
    expect(output).toContain("port: 8080\n");
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
