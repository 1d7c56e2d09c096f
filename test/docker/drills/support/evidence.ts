import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import type { DrillFleet } from "./drill-fleet.ts";

/** The last failure left a log of the server that failed; the log has a match. */
export function expectEvidence(fleet: DrillFleet, server: string, log: RegExp): void {
  const { evidence } = fleet.history().at(-1)!;
  const folder = join(fleet.historyDir, evidence!);
  const files = readdirSync(folder).filter((name) => name.includes(`-${server}-`));
  const logs = files.filter((name) => name.endsWith(".log"));
  expect(logs, `${readdirSync(folder).join(", ")} in ${folder}`).not.toEqual([]);
  expect(logs.map((name) => readFileSync(join(folder, name), "utf8")).join("\n")).toMatch(log);
}
