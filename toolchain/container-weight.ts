import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { exists, type Machine } from "./machine.ts";

/** The weight of so many processes. Measured with 100 calls/s during updates on two cores: none lost; with one's, 289 of 22,004. */
const PROCESSES = 10;

/** A file of each version of cgroups, and what one process weighs in it. */
const WEIGHTS = { "cpu.shares": 1024, "cpu.weight": 100 } as const;

/**
 * Gives a cgroup the weight of ten processes, where its hierarchy is one of processor time.
 *
 * Without systemd, the kernel weighs all containers of an engine or node together as much as one process: an update,
 * which has many, would take the processor from those who are served.
 */
export async function weigh(group: string): Promise<void> {
  for (const [file, one] of Object.entries(WEIGHTS)) {
    const path = join(group, file);
    if (await exists(path)) await writeFile(path, String(one * PROCESSES));
  }
}

/**
 * Makes and weighs the cgroup of a Docker engine that is about to be started without systemd. With systemd each container
 * has a weight of its own.
 *
 * Best effort: a machine that does not let us has slower containers, not none.
 */
export async function weighContainers(machine: Machine): Promise<void> {
  const root = join(machine.fsRoot, "sys/fs/cgroup");
  try {
    // The first version has a hierarchy per controller, the second one for all.
    const first = await exists(join(root, "cpu/cpu.shares"));
    if (!first) {
      const controllers = await readFile(join(root, "cgroup.controllers"), "utf8");
      if (!controllers.split(/\s/).includes("cpu")) return;
      await writeFile(join(root, "cgroup.subtree_control"), "+cpu");
    }
    const group = join(root, first ? "cpu/docker" : "docker");
    await mkdir(group, { recursive: true });
    await weigh(group);
  } catch (error) {
    machine.log(`containers keep the weight of one process: ${(error as Error).message}`);
  }
}

/**
 * What would be better for an engine that somebody started by hand on this machine: file and content to write as root.
 * Undefined if there is nothing to better, as with systemd.
 */
export async function wantedWeight(machine: Machine): Promise<string | undefined> {
  if (await exists(join(machine.fsRoot, "run/systemd/system"))) return undefined;
  const root = join(machine.fsRoot, "sys/fs/cgroup");
  for (const group of ["cpu/docker", "docker"]) {
    for (const [file, one] of Object.entries(WEIGHTS)) {
      const path = join(root, group, file);
      const weight = await readFile(path, "utf8").catch(() => undefined);
      if (weight?.trim() === String(one)) return `echo ${one * PROCESSES} > ${path}`;
    }
  }
  return undefined;
}
