import { mkdir, realpath } from "node:fs/promises";
import { join, resolve } from "node:path";
import { exec } from "../exec.ts";
import { withLock } from "../lock.ts";
import { type Machine, thisMachine } from "../machine.ts";
import { toolProblem } from "../report.ts";
import { boot } from "./boot.ts";
import type { ComponentName } from "./component.ts";
import { components } from "./components.ts";
import { readNote } from "./files.ts";
import { copyImages } from "./images.ts";
import { freeBlock, layoutOf } from "./layout.ts";
import { cleanUp, leftovers } from "./leftovers.ts";
import { notedNode } from "./node.ts";
import { isAlive, type ProcessIdentity } from "./proc.ts";
import { isRunning, signalComponent, startProcess } from "./processes.ts";
import { preparePrograms } from "./programs.ts";
import { requireMachine } from "./requirements.ts";

const TOOL = "kubernetes cluster";
const LOCK_MS = 600_000;
const ROUTES_MS = 10_000;

/** Where a cluster is and who is told about what is done. */
export interface ClusterOptions {
  /** Directory of everything that belongs to the cluster; made if need be. One cluster each. */
  readonly dir: string;
  /**
   * Called with a line for everything that is installed, built, started or removed.
   *
   * @default nobody
   */
  readonly log?: (line: string) => void;
}

/** A cluster that runs. */
export interface Cluster {
  /** Path of the administrator's configuration. */
  readonly kubeconfig: string;
  /** Address of the node, for NodePorts; Services and pods can be reached from this machine at their own addresses. */
  readonly nodeAddress: string;
  /** Address of this machine, for pods; nothing beyond it can be reached by them. */
  readonly hostAddress: string;
}

/** What is known of a cluster without asking its API. */
export interface ClusterStatus {
  /** `broken`: some of it is there, and not all; `stopCluster` and `startCluster` clear that up. */
  readonly state: "running" | "stopped" | "broken";
  readonly cluster?: Cluster;
  /** Processes of the node that ended. */
  readonly ended: readonly ComponentName[];
  /** What is left of a cluster that does not run, one line each. */
  readonly leftovers: readonly string[];
}

function machineOf(log: ClusterOptions["log"]): Machine {
  return thisMachine(log ?? ((): void => undefined));
}

/** One path for one directory: names and addresses follow from it. */
async function canonical(dir: string): Promise<string> {
  try {
    await mkdir(dir, { recursive: true });
  } catch (error) {
    throw toolProblem(TOOL, (error as Error).message, "choose another directory");
  }
  return realpath(resolve(dir));
}

/** Clusters start and stop one by one: their addresses must not be chosen at the same time. */
function alone<T>(machine: Machine, work: () => Promise<T>): Promise<T> {
  const onWait = (): void => machine.log(`${TOOL}: waiting for another start or stop`);
  const lock = join(machine.cache, "kubernetes-cluster.lock");
  return withLock(lock, { waitMs: LOCK_MS, onWait, env: machine.env }, work);
}

/**
 * Starts a single-node cluster and waits until its node, DNS, default storage class and metrics API are ready; one that
 * runs in the directory already is returned as it is. The programs are built first if need be (about ten minutes). What
 * an ended cluster left is removed before; a start that fails leaves its logs only.
 *
 * @throws ToolchainError with what is missing and its fix
 */
export async function startCluster(options: ClusterOptions): Promise<Cluster> {
  const machine = machineOf(options.log);
  await requireMachine(machine, options.dir);
  const dir = await canonical(options.dir);
  const bin = await preparePrograms(machine);
  return alone(machine, async () => {
    const { state, cluster, leftovers: left } = await clusterStatus(dir);
    if (state === "running" && cluster !== undefined) {
      machine.log(`${TOOL}: runs already in ${dir}`);
      return cluster;
    }
    if (left.length > 0) machine.log(`${TOOL}: removing what an earlier one left in ${dir}`);
    await cleanUp(dir);
    const layout = layoutOf(dir, await chooseBlock(dir));
    const began = Date.now();
    machine.log(`${TOOL}: starting it in ${dir}`);
    try {
      await boot(layout, bin);
    } catch (error) {
      await cleanUp(dir);
      throw error;
    }
    machine.log(`${TOOL}: ready after ${((Date.now() - began) / 1000).toFixed(1)} s`);
    return accessOf(dir, layout.block);
  });
}

function accessOf(dir: string, block: number): Cluster {
  const { kubeconfig, nodeAddress, hostAddress } = layoutOf(dir, block);
  return { kubeconfig, nodeAddress, hostAddress };
}

async function chooseBlock(dir: string): Promise<number> {
  const { stdout } = await exec("ip", ["-4", "route", "show", "table", "all"], {
    timeoutMs: ROUTES_MS,
  });
  // `local 10.1.2.3 dev ...` and `unreachable 10.0.0.0/8` name their kind first.
  const routes = stdout.split("\n").flatMap((line) => line.split(" ").slice(0, 2));
  const block = freeBlock(routes, layoutOf(dir, 0).id);
  if (block !== undefined) return block;
  throw toolProblem(TOOL, "every range of addresses is taken", "stop a cluster, or remove a route");
}

/**
 * Ends a cluster, whatever state it is in, and removes everything of it but its logs: processes, mounts, interfaces,
 * packet filter rules, cgroups, files. Nothing happens where there is none.
 */
export async function stopCluster(dir: string, log?: (line: string) => void): Promise<void> {
  const machine = machineOf(log);
  await requireMachine(machine, dir);
  const path = await canonical(dir);
  await alone(machine, () => cleanUp(path));
  machine.log(`${TOOL}: nothing of it is left but ${join(path, "logs")}`);
}

/** Looks at a cluster; changes nothing. */
export async function clusterStatus(dir: string): Promise<ClusterStatus> {
  const path = await realpath(resolve(dir)).catch(() => resolve(dir));
  const [node, note] = await Promise.all([notedNode(path), readNote(path)]);
  const names = components(layoutOf(path, 0)).map(({ name }) => name);
  if (node !== undefined && note !== undefined && (await isAlive(node))) {
    const alive = await Promise.all(names.map((name) => isRunning(path, name)));
    const ended = names.filter((_, index) => alive[index] !== true);
    const cluster = accessOf(path, note.block);
    return { state: ended.length === 0 ? "running" : "broken", cluster, ended, leftovers: [] };
  }
  const left = await leftovers(path);
  return { state: left.length === 0 ? "stopped" : "broken", ended: [], leftovers: left };
}

async function runningNode(
  dir: string,
): Promise<{ path: string; node: ProcessIdentity; block: number }> {
  const path = await realpath(resolve(dir)).catch(() => resolve(dir));
  const [node, note] = await Promise.all([notedNode(path), readNote(path)]);
  if (node === undefined || note === undefined || !(await isAlive(node))) {
    throw toolProblem(TOOL, `none runs in ${path}`, "start it first");
  }
  return { path, node, block: note.block };
}

/**
 * Brings images of the local Docker engine into the cluster; those that it has already are skipped. Returns what was
 * copied. Pods name them by tag, with a pull policy of `Never` or `IfNotPresent`.
 *
 * @throws ToolchainError when no cluster runs there or the engine has not got one of them
 */
export async function loadImages(
  dir: string,
  references: readonly string[],
): Promise<readonly string[]> {
  const { path, node } = await runningNode(dir);
  return copyImages(path, node, references);
}

/** Kills one process of the node without warning, as a fault; `reviveComponent` starts it again. */
export async function killComponent(dir: string, name: ComponentName): Promise<void> {
  const { path } = await runningNode(dir);
  await signalComponent(path, name, "SIGKILL");
}

/** Starts a process of the node that ended; nothing happens when it runs. */
export async function reviveComponent(dir: string, name: ComponentName): Promise<void> {
  const { path, node, block } = await runningNode(dir);
  if (await isRunning(path, name)) return;
  const component = components(layoutOf(path, block)).find((part) => part.name === name);
  if (component !== undefined) await startProcess(path, node, component);
}
