import { join } from "node:path";
import { expect } from "vitest";
import { randomStack, runFleet, type Sandbox } from "../../cli/run-fleet.ts";

/**
 * What `fleet render` writes for a stack on a cluster.
 *
 * @param settings lines of YAML below `mcp-fleet:kubernetes`.
 * @returns the folder with a folder for each kind.
 */
export async function renderManifests(
  sandbox: Sandbox,
  settings: readonly string[],
): Promise<string> {
  const stack = randomStack("rendered");
  const lines = [
    "config:",
    "  mcp-fleet:platform: kubernetes",
    "  mcp-fleet:kubernetes:",
    ...settings.map((line) => `    ${line}`),
  ];
  sandbox.writeStackFile(stack, `${lines.join("\n")}\n`);
  const out = join(sandbox.dir, "out");
  const rendered = await runFleet(["render", "--stack", stack, "--out", out], sandbox.env);
  expect(rendered.code, rendered.stderr).toBe(0);
  return join(out, "kubernetes");
}
