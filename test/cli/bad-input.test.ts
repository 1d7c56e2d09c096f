import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { copyFileSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { createServer, type AddressInfo, type Server } from "node:net";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import Docker from "dockerode";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { freePortSettings, type PortSettings } from "../../bench/free-port-settings.ts";
import { prepare } from "../../toolchain/index.ts";
import { rootDir } from "../../infra/root-dir.ts";
import { badCommandLines } from "./bad-command-lines.ts";
import { badFleets, badStacks, type BadCase } from "./bad-fleets.ts";
import { badMachines, type BadMachineCase } from "./bad-machines.ts";
import { makeSandbox, randomStack, runFleet, type Sandbox } from "./run-fleet.ts";

/**
 * Bad input through the command line: one message that names every problem, the right exit code, nothing touched.
 * The messages are compared whole, so nothing else may be in them: no stack trace, no secret, no noise.
 */
const run = randomStack("bad");
const stackOf = (index: number) => `${run}-${index}`;
let sandbox: Sandbox;
let holder: Server;
let ports: PortSettings;

/** Two commands at a time: each start costs a core for a second. */
const turns = [Promise.resolve(), Promise.resolve()];
let next = 0;
function inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
  const turn = next++ % turns.length;
  const result = turns[turn]!.then(work);
  turns[turn] = result.then(
    () => undefined,
    () => undefined,
  );
  return result;
}

/** Name and content of every file below a directory, but for what `pulumi` itself notes down about its own runs. */
function fingerprint(directory: string): Record<string, string> {
  const files = readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => !/\/home\/\.pulumi\/|\/state\/\.pulumi\/meta\.yaml/.test(path));
  return Object.fromEntries(
    files.map((path) => [path, createHash("sha256").update(readFileSync(path)).digest("hex")]),
  );
}

/** What a local Docker engine may use, too. */
const cpuCount = availableParallelism();

function substitute(text: string, stack: string): string {
  const { port } = holder.address() as AddressInfo;
  return text
    .replaceAll("{dir}", sandbox.dir)
    .replaceAll("{stack}", stack)
    .replaceAll("{port}", String(port))
    .replaceAll("{port-3005}", String(port - 3005))
    .replaceAll(
      "{holder}",
      `${readFileSync(`/proc/${process.pid}/comm`, "utf8").trim()} (process ${process.pid})`,
    )
    .replaceAll("{cpus}", cpuCount === 1 ? "1 CPU" : `${cpuCount} CPUs`)
    .replaceAll("{cpu}", String(cpuCount))
    .replaceAll("{others}", existing.join(", "));
}

/** Whoever tests may have a fleet of their own on the default ports. */
function withFreePorts([command = "", ...rest]: readonly string[]): string[] {
  if (command !== "up" && command !== "preview") return [command, ...rest];
  return [
    command,
    ...Object.entries(ports).map(([path, port]) => `--set=${path}=${port}`),
    ...rest,
  ];
}

async function refuse(given: BadCase, stack: string): Promise<void> {
  const env = Object.fromEntries(
    Object.entries(given.env ?? {}).map(([name, value]) => [name, substitute(value, stack)]),
  );
  const args = given.args.map((arg) => substitute(arg, stack));
  const ended = await inTurn(() => runFleet(args, { ...sandbox.env, ...env }));
  // How much is free changes from second to second, and where Docker keeps its data is the machine's affair.
  const said = ended.stderr
    .trimEnd()
    .replace(/disk: \S+ has [\d.]+ GB/, "disk: {data} has {free} GB");
  expect(said).toBe(substitute(given.says.join("\n"), stack));
  expect(ended.stdout).toBe("");
  expect(ended.code).toBe(given.code);
}

/** The stack's own file, where the case has one. */
function writeFiles(given: BadCase, stack: string): void {
  const named =
    given.fleet === undefined
      ? undefined
      : `config:\n  mcp-fleet:fleet: ${sandbox.write(`${stack}.yaml`, given.fleet)}\n`;
  const text = given.stackFile ?? named;
  if (text !== undefined) sandbox.writeStackFile(stack, text);
}

const early = [...badFleets, ...badStacks, ...badCommandLines];
const existing = badMachines
  .flatMap((given, index) => (given.existing ? [stackOf(early.length + index)] : []))
  .sort();
let before: Record<string, string>;

beforeAll(async () => {
  holder = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => holder.once("listening", resolve));
  ports = await freePortSettings();
  sandbox = makeSandbox();
  sandbox.write("a-file", "");
  sandbox.write("empty", "\n");
  early.forEach((given, index) => writeFiles(given, stackOf(index)));
  await prepare({ log: () => undefined, needs: new Set(["pulumi", "docker", "images"]) }).then(
    ({ env }) => Object.assign(process.env, env),
  );
  sandbox.env["PATH"] = process.env["PATH"];
  badMachines.forEach((given, index) => {
    if (given.existing) makeStack(given, stackOf(early.length + index));
  });
  before = fingerprint(sandbox.dir);
});

/** A stack that exists, with a secret in its file, as an earlier run left it. */
function makeStack({ tokens }: BadMachineCase, stack: string): void {
  const project = join(sandbox.dir, `project-${stack}`);
  mkdirSync(project);
  copyFileSync(join(rootDir, "Pulumi.yaml"), join(project, "Pulumi.yaml"));
  const env = { ...sandbox.env, PULUMI_CONFIG_PASSPHRASE: "right" };
  const pulumi = (...args: string[]) =>
    execFileSync("pulumi", [...args, "--stack", stack, "--non-interactive"], { cwd: project, env });
  execFileSync("pulumi", ["stack", "init", stack, "--non-interactive"], { cwd: project, env });
  pulumi("config", "set", "--secret", "mcp-fleet:tokens", tokens ?? "{}");
  sandbox.writeStackFile(stack, readFileSync(join(project, `Pulumi.${stack}.yaml`), "utf8"));
}

afterAll(async () => {
  // Nothing was written, created or started by any of all these commands.
  const after = fingerprint(sandbox.dir);
  const containers = await new Docker().listContainers({
    all: true,
    filters: { label: ["mcp-fleet/stack"] },
  });
  sandbox.remove();
  holder.close();
  expect(after).toEqual(before);
  const ours = containers.filter(({ Labels }) => Labels["mcp-fleet/stack"]?.startsWith(run));
  expect(ours).toEqual([]);
});

describe.concurrent("before anything is asked of Docker or Pulumi", () => {
  it.each(early.map((given, index) => ({ ...given, index })))("$name", async (given) => {
    await refuse(given, stackOf(given.index));
  });
});

describe.concurrent("by what the machine says", () => {
  const cases = badMachines.map((given, index) => ({ ...given, index: early.length + index }));
  it.each(cases)("$name", async (given) => {
    await refuse({ ...given, args: withFreePorts(given.args) }, stackOf(given.index));
  });
});
