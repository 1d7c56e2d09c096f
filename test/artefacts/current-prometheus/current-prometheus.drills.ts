import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { renderAlertmanager } from "../../../components/monitoring/alertmanager.render.ts";
import { monitoringSchema } from "../../../components/monitoring/monitoring.schema.ts";
import { rootDir } from "../../../infra/root-dir.ts";
import { receivingFleet } from "../../components/monitoring/receiving-fleet.ts";
import { builtTool, judge } from "./tools.ts";

/** What `fleet render` writes, judged by the current releases of Prometheus and Alertmanager: users bring their own. */

const rendered = join(rootDir, "fleets", "rendered");
const prometheus = join(rendered, "prometheus");
const files = readdirSync(prometheus);
const rules = files.filter((file) => file.endsWith(".rules.yml"));
const tests = files.filter((file) => file.endsWith(".rules.test.yml"));

// The first build of the tools, on a machine that has never seen their modules.
beforeAll(async () => {
  await builtTool("promtool");
  await builtTool("amtool");
}, 3_600_000);

describe("promtool of Prometheus 3", () => {
  it("accepts the configuration", async () => {
    const { code, output } = await judge(
      ...(["promtool", prometheus, "check", "config", "--syntax-only", "prometheus.yml"] as const),
    );
    expect(code, output).toBe(0);
  });

  it("has no finding in any rule", async () => {
    const { code, output } = await judge(
      ...(["promtool", prometheus, "check", "rules", "--lint=all", "--lint-fatal"] as const),
      ...rules,
    );
    expect(code, output).toBe(0);
    expect(output.match(/SUCCESS: \d+ rules found/g)).toHaveLength(rules.length);
  });

  it("is asked in a way that would find a rule that is there twice", async () => {
    const directory = mkdtempSync(join(tmpdir(), "duplicate-"));
    const rule = { record: "a:b", expr: "up" };
    writeFileSync(
      join(directory, "r.yml"),
      JSON.stringify({ groups: [{ name: "g", rules: [rule, rule] }] }),
    );
    const { code } = await judge(
      ...([
        "promtool",
        directory,
        "check",
        "rules",
        "--lint=all",
        "--lint-fatal",
        "r.yml",
      ] as const),
    );
    rmSync(directory, { recursive: true });
    expect(code).not.toBe(0);
  });

  it.each(tests)(
    "sees the unit tests pass: %s",
    async (file) => {
      const { code, output } = await judge("promtool", prometheus, "test", "rules", file);
      expect(code, output).toBe(0);
    },
    1_800_000,
  );
});

describe("amtool of the current Alertmanager", () => {
  const directory = mkdtempSync(join(tmpdir(), "alertmanager-"));
  afterAll(() => rmSync(directory, { recursive: true }));

  it.each([
    [
      "of the rendered fleet",
      readFileSync(join(rendered, "alertmanager", "alertmanager.yml"), "utf8"),
    ],
    [
      "with receivers of every kind",
      renderAlertmanager(monitoringSchema.parse(receivingFleet))["alertmanager.yml"]!,
    ],
  ])("accepts the configuration %s", async (_name, config) => {
    writeFileSync(join(directory, "alertmanager.yml"), config);
    const { code, output } = await judge("amtool", directory, "check-config", "alertmanager.yml");
    expect(code, output).toBe(0);
    expect(output).toMatch(/\d+ inhibit rules/);
  });
});
