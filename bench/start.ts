import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { configFileOf } from "../infra/cli/stack-file.ts";
import { prepare } from "../toolchain/index.ts";
import { fleet, median, rootDir, stackOfArguments } from "./stack.ts";

const rounds = 3;

interface Event {
  readonly preludeEvent?: unknown;
  readonly resourcePreEvent?: { readonly metadata: { readonly type: string } };
}

/**
 * Seconds from the moment at which the engine is about to start the program until the program's first resource has
 * reached it: start of the language host, of Node.js and of the compiler, configuration, state and machine checks.
 */
async function programStart(stack: string, pulumi: string): Promise<number> {
  const directory = mkdtempSync(join(tmpdir(), "mcp-fleet-bench-"));
  const log = join(directory, "events.json");
  const child = spawn(
    pulumi,
    [
      "preview",
      ...["--stack", stack],
      ...["--config-file", configFileOf({ rootDir, stack, env: process.env }).path],
      // A refresh would run before the program.
      "--refresh=false",
      ...["--non-interactive", "--suppress-progress"],
      ...["--event-log", log],
    ],
    {
      cwd: rootDir,
      env: { ...process.env, PULUMI_DEBUG_COMMANDS: "true" },
      stdio: ["ignore", "ignore", "inherit"],
    },
  );
  const ended = new Promise<number>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve(code ?? 1));
  });
  let prelude: number | undefined;
  let first: number | undefined;
  const look = setInterval(() => {
    for (const event of eventsOf(log)) {
      if (event.preludeEvent) prelude ??= performance.now();
      const type = event.resourcePreEvent?.metadata.type;
      if (type !== undefined && type !== "pulumi:pulumi:Stack") first ??= performance.now();
    }
    if (first !== undefined) clearInterval(look);
  }, 5);
  try {
    const code = await ended;
    if (code !== 0) throw new Error(`pulumi preview ended with ${code}`);
    if (prelude === undefined || first === undefined) throw new Error("no resource was registered");
    return (first - prelude) / 1000;
  } finally {
    clearInterval(look);
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Whole lines of the log; the last one may still be being written. */
function eventsOf(path: string): Event[] {
  try {
    const text = readFileSync(path, "utf8");
    const lines = text.slice(0, text.lastIndexOf("\n") + 1).split("\n");
    return lines.filter(Boolean).map((line) => JSON.parse(line) as Event);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}

const stack = stackOfArguments(process.argv);
const { env, pulumi } = await prepare({
  log: (line) => console.error(line),
  needs: new Set(["pulumi", "docker", "state"]),
});
Object.assign(process.env, env);

const starts: number[] = [];
const updates: number[] = [];
for (let round = 0; round < rounds; round += 1) {
  starts.push(await programStart(stack, pulumi));
  updates.push((await fleet("up", "--stack", stack, "--json")).seconds);
}
const result = {
  stack,
  programStartSeconds: { median: median(starts), rounds: starts },
  unchangedUpSeconds: { median: median(updates), rounds: updates },
};
console.log(`program start to first resource: ${median(starts).toFixed(2)} s`);
console.log(`./fleet up, nothing changed:     ${median(updates).toFixed(2)} s`);
console.log(JSON.stringify(result));
