import { readdir, readFile, rm, rmdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { ask } from "../exec.ts";
import { exists } from "../machine.ts";
import { toolProblem } from "../report.ts";
import { layoutOf, STATE_DIRS, STATE_FILES } from "./layout.ts";
import { notedNode } from "./node.ts";
import { signalProcess, waitForEnd } from "./proc.ts";

const TOOL = "kubernetes cluster";
const END_MS = 20_000;
const COMMAND_MS = 10_000;

/** Where the hierarchies of cgroups are mounted, from the text of `/proc/self/mountinfo`. */
export function cgroupRoots(mountinfo: string): readonly string[] {
  return mountinfo
    .split("\n")
    .filter((line) => / - cgroup2? /.test(line))
    .map((line) => unescapeMount(line.split(" ")[4] ?? ""))
    .filter((path) => path !== "");
}

/** Mounts at a directory or below, from the text of `/proc/self/mountinfo`. */
export function mountsBelow(mountinfo: string, dir: string): readonly string[] {
  return mountinfo
    .split("\n")
    .map((line) => unescapeMount(line.split(" ")[4] ?? ""))
    .filter((path) => path === dir || path.startsWith(`${dir}/`));
}

/** The kernel writes blanks, tabs, line ends and backslashes as three octal digits. */
function unescapeMount(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits: string) =>
    String.fromCharCode(parseInt(digits, 8)),
  );
}

/** Cgroups of a cluster that exist, in all hierarchies. */
async function cgroupsOf(name: string): Promise<readonly string[]> {
  const roots = cgroupRoots(await readFile("/proc/self/mountinfo", "utf8"));
  const paths = roots.map((root) => join(root, name));
  const there = await Promise.all(paths.map((path) => exists(path)));
  return paths.filter((_, index) => there[index]);
}

/** Removes a cgroup and those in it; the kernel takes its time to let go of ended processes. */
async function removeCgroup(path: string): Promise<void> {
  const entries = await readdir(path, { withFileTypes: true }).catch(() => []);
  for (const entry of entries) {
    if (entry.isDirectory()) await removeCgroup(join(path, entry.name));
  }
  for (const until = Date.now() + END_MS; ; await sleep(50)) {
    try {
      await rmdir(path);
      return;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === "ENOENT") return;
      if (code !== "EBUSY" || Date.now() > until) throw error;
    }
  }
}

/** What a dead or stopped cluster has left on the machine, one line each; empty when nothing. */
export async function leftovers(dir: string): Promise<readonly string[]> {
  const { link, cgroup } = layoutOf(dir, 0);
  const found = (await cgroupsOf(cgroup)).map((path) => `cgroup ${path}`);
  if (await exists(`/sys/class/net/${link}`)) found.push(`interface ${link}`);
  const mounts = mountsBelow(await readFile("/proc/self/mountinfo", "utf8"), dir);
  found.push(...mounts.map((path) => `mount ${path}`));
  for (const name of [...STATE_DIRS, ...STATE_FILES]) {
    if (await exists(join(dir, name))) found.push(`file ${join(dir, name)}`);
  }
  return found;
}

/**
 * Ends a cluster however far it got, and removes all of it but its logs. Everything of the node dies with its first
 * process: mounts, rules of packet filters and every process, since they are in namespaces of their own.
 */
export async function cleanUp(dir: string): Promise<void> {
  const node = await notedNode(dir);
  if (node !== undefined) {
    await signalProcess(node, "SIGKILL");
    if (!(await waitForEnd(node, END_MS))) {
      throw toolProblem(
        TOOL,
        `process ${node.pid} does not end`,
        "look for a disk or a network file system that hangs, then stop again",
      );
    }
  }
  const { link, cgroup } = layoutOf(dir, 0);
  // It goes away with the node, but some time later.
  await ask("ip", ["link", "delete", link], { timeoutMs: COMMAND_MS });
  for (const path of await cgroupsOf(cgroup)) await removeCgroup(path);
  const mounts = mountsBelow(await readFile("/proc/self/mountinfo", "utf8"), dir);
  if (mounts.length > 0) {
    // What is mounted there is not ours, and would be emptied.
    throw toolProblem(TOOL, `${mounts.join(", ")} is mounted`, "unmount it, then stop again");
  }
  for (const name of [...STATE_DIRS, ...STATE_FILES]) {
    await rm(join(dir, name), { recursive: true, force: true });
  }
}
