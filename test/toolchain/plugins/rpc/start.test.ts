import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { expect, it } from "vitest";
import { rootDir } from "../../../../infra/root-dir.ts";
import { bundledSource } from "../../../bundled-source.ts";

const plugin = bundledSource("test/toolchain/plugins/rpc/idle-plugin.ts");
/** An engine that starts the plugin and says its process id. */
const engine = `
  const { spawn } = require("node:child_process");
  const plugin = ["--input-type=module", "--eval", ${JSON.stringify(plugin)}];
  const child = spawn(process.execPath, plugin, { detached: true, stdio: ["ignore", "pipe", "inherit"] });
  child.stdout.once("data", () => console.log(child.pid));
`;

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

it("a plugin does not outlive an engine that was killed", async () => {
  const parent = spawn(process.execPath, ["--eval", engine], {
    cwd: rootDir,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [line] = (await once(createInterface({ input: parent.stdout }), "line")) as [string];
  const pid = Number(line);
  expect(isRunning(pid)).toBe(true);
  parent.kill("SIGKILL");
  for (let tries = 0; tries < 100 && isRunning(pid); tries += 1) await delay(100);
  expect(isRunning(pid)).toBe(false);
});
