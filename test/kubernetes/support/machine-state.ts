import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { layoutOf } from "../../../toolchain/kubernetes/layout.ts";
import { cgroupRoots, mountsBelow } from "../../../toolchain/kubernetes/leftovers.ts";
import { parseStat } from "../../../toolchain/kubernetes/proc.ts";

/** What a cluster could leave on a machine, as lines to compare. */
export interface MachineState {
  readonly processes: readonly string[];
  readonly interfaces: readonly string[];
  readonly routes: readonly string[];
  readonly rules: readonly string[];
  readonly mounts: readonly string[];
  readonly cgroups: readonly string[];
  readonly settings: readonly string[];
}

function run(command: string, args: readonly string[]): readonly string[] {
  const text = execFileSync(command, args, { encoding: "utf8", maxBuffer: 64_000_000 });
  return text.split("\n").filter((line) => line !== "");
}

const SETTINGS = [
  "kernel/panic",
  "kernel/panic_on_oops",
  "net/ipv4/ip_forward",
  "net/netfilter/nf_conntrack_max",
  "vm/overcommit_memory",
  "vm/panic_on_oom",
];

function link(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}

/** Whether only the machine's first process has yet to take note of its end. */
function hasEnded(pid: string): boolean {
  try {
    return parseStat(readFileSync(`/proc/${pid}/stat`, "utf8"))?.state === "Z";
  } catch {
    return true;
  }
}

/** The process namespace of a node: every process of its cluster is in it. */
export function processNamespace(pid: number): string {
  return readlinkSync(`/proc/${pid}/ns/pid`);
}

/**
 * Looks for everything of the cluster in `dir`, and at what belongs to the whole machine. Other clusters may run beside
 * it and Docker's containers come and go, so theirs is left out.
 *
 * @param namespaces process namespaces of the cluster's nodes so far
 */
export function machineState(dir: string, namespaces: readonly string[]): MachineState {
  const layout = layoutOf(dir, 0);
  const mountinfo = readFileSync("/proc/self/mountinfo", "utf8");
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  return {
    processes: pids.filter(
      (pid) => namespaces.includes(link(`/proc/${pid}/ns/pid`) ?? "") && !hasEnded(pid),
    ),
    interfaces: run("ip", ["-brief", "link"]).filter((line) => line.includes(layout.link)),
    routes: run("ip", ["-4", "route"]).filter((line) => line.includes(layout.link)),
    rules: [...run("nft", ["list", "tables"])].sort(),
    mounts: mountsBelow(mountinfo, dir),
    cgroups: cgroupRoots(mountinfo)
      .map((root) => join(root, layout.cgroup))
      .filter((path) => existsSync(path)),
    settings: SETTINGS.map((name) => {
      const path = join("/proc/sys", name);
      return `${name} ${existsSync(path) ? readFileSync(path, "utf8").trim() : "is not there"}`;
    }),
  };
}
