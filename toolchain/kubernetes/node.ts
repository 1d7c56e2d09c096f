import { spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { exec, lastLines } from "../exec.ts";
import { toolProblem } from "../report.ts";
import { type Layout, NODE_BIN, NODE_DIR } from "./layout.ts";
import { SYSCTLS } from "./node-config.ts";
import { identify, type ProcessIdentity } from "./proc.ts";

const TOOL = "kubernetes node";
const COMMAND_MS = 20_000;
const START_MS = 10_000;

/** What every process of the node gets; nothing of the caller's, whose proxies would come between its parts. */
const NODE_ENV = {
  PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
  HOME: "/root",
  LC_ALL: "C.UTF-8",
};

/** Arguments of `nsenter` that lead into the node. */
function enter(node: ProcessIdentity, command: readonly string[]): readonly string[] {
  return [`--target=${node.pid}`, "--mount", "--net", "--pid", "--ipc", "--", ...command];
}

/**
 * Shell commands that give the node its own view of the machine's directories. Where programs insist on a place in
 * `/var` they get one of the node's, and `/run` is empty: the machine's own daemons are out of reach.
 */
export function renderMounts(layout: Layout, bin: string): string {
  const sysctls = Object.keys(SYSCTLS).map(
    (name) =>
      `if [ -e /proc/sys/${name} ]; then mount --bind ${NODE_DIR}/sysctl/${name} /proc/sys/${name}; fi`,
  );
  return [
    "set -e",
    // Opened before: both may lie below a directory that is hidden by what follows.
    `exec 3<${quote(layout.dir)} 4<${quote(bin)}`,
    "mount -t tmpfs -o mode=755 tmpfs /run",
    `mkdir ${NODE_DIR} ${NODE_BIN}`,
    `mount --no-canonicalize --bind /proc/self/fd/3 ${NODE_DIR}`,
    `mount --no-canonicalize --bind /proc/self/fd/4 ${NODE_BIN}`,
    "exec 3<&- 4<&-",
    "mount -t tmpfs -o mode=755 tmpfs /var/lib",
    "mkdir /var/lib/kubelet",
    `mount --bind ${NODE_DIR}/node-log /var/log`,
    ...sysctls,
    // Volumes that a container mounts for others have to be seen by these.
    "mount --make-rshared /",
  ].join("\n");
}

function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** Commands of `ip` that link the node to this machine; the first group runs here, the second in the node. */
export function linkCommands(
  layout: Layout,
  node: ProcessIdentity,
): { readonly here: readonly string[]; readonly inside: readonly string[] } {
  const { link, hostAddress, nodeAddress, podRange, serviceRange } = layout;
  return {
    here: [
      `link add ${link} type veth peer name eth0 netns ${node.pid}`,
      `address add ${hostAddress}/30 dev ${link}`,
      `link set ${link} up`,
      // Pods and services can be reached from this machine as from any other of the cluster's network.
      `route add ${podRange} via ${nodeAddress} dev ${link}`,
      `route add ${serviceRange} via ${nodeAddress} dev ${link}`,
    ],
    inside: [
      "link set lo up",
      `address add ${nodeAddress}/30 dev eth0`,
      "link set eth0 up",
      `route add default via ${hostAddress}`,
    ],
  };
}

/** Starts the first process of the node, its mounts and its link. What is left after a failure ends with `stop`. */
export async function startNode(layout: Layout, bin: string): Promise<ProcessIdentity> {
  const pidFile = join(layout.dir, "run/node.pid");
  const log = join(layout.dir, "logs/node.log");
  await writeSysctls(layout);
  const file = openSync(log, "a");
  spawn(join(bin, "box"), ["node", pidFile], {
    stdio: ["ignore", file, file],
    detached: true,
    env: NODE_ENV,
  })
    .on("error", () => undefined)
    .unref();
  closeSync(file);
  const node = await waitForNode(pidFile, log);
  await writeFile(join(layout.dir, "run/node.json"), JSON.stringify(node));
  await exec("nsenter", enter(node, ["sh", "-c", renderMounts(layout, bin)]), {
    timeoutMs: COMMAND_MS,
    env: NODE_ENV,
  });
  const commands = linkCommands(layout, node);
  const split = (command: string): readonly string[] => command.split(" ");
  // One after the other: each needs the one before.
  for (const here of commands.here) await exec("ip", split(here), { timeoutMs: COMMAND_MS });
  for (const inside of commands.inside) {
    await exec("nsenter", enter(node, ["ip", ...split(inside)]), {
      timeoutMs: COMMAND_MS,
      env: NODE_ENV,
    });
  }
  return node;
}

async function writeSysctls(layout: Layout): Promise<void> {
  for (const [name, value] of Object.entries(SYSCTLS)) {
    const path = join(layout.dir, "sysctl", name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, `${value}\n`);
  }
}

async function waitForNode(pidFile: string, log: string): Promise<ProcessIdentity> {
  const until = Date.now() + START_MS;
  while (Date.now() < until) {
    const text = await readFile(pidFile, "utf8").catch(() => undefined);
    if (text !== undefined) {
      await rm(pidFile);
      const node = await identify(Number(text));
      if (node !== undefined) return node;
      break;
    }
    await sleep(10);
  }
  throw toolProblem(
    TOOL,
    `its first process does not start:\n${lastLines(await readFile(log, "utf8").catch(() => ""))}`,
    "allow namespaces here (in a container: `--privileged`), then start again",
  );
}

/** The node's first process as the last start noted it; it may be dead. */
export async function notedNode(dir: string): Promise<ProcessIdentity | undefined> {
  const text = await readFile(join(dir, "run/node.json"), "utf8").catch(() => undefined);
  return text === undefined ? undefined : (JSON.parse(text) as ProcessIdentity);
}

/** Runs a command inside the node; `input` is streamed to it. */
export function nodeCommand(
  node: ProcessIdentity,
  command: readonly string[],
): { readonly command: string; readonly args: readonly string[]; readonly env: NodeJS.ProcessEnv } {
  return { command: "nsenter", args: enter(node, command), env: NODE_ENV };
}
