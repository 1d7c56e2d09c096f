import { join, resolve } from "node:path";
import { installPackages } from "../apt.ts";
import { exists, findProgram, type Machine } from "../machine.ts";
import { type ToolProblem, ToolchainError } from "../report.ts";

const TOOL = "kubernetes cluster";

/** Programs of the machine that a cluster uses, and the Debian package of each. */
const PROGRAMS: Readonly<Record<string, string>> = {
  containerd: "containerd",
  ctr: "containerd",
  "containerd-shim-runc-v2": "containerd",
  ip: "iproute2",
  mount: "mount",
  nft: "nftables",
  nsenter: "util-linux",
  openssl: "openssl",
  runc: "runc",
};

/** What of the machine or of the directory a cluster cannot do with; all at once. */
export async function problemsOf(machine: Machine, dir: string): Promise<readonly ToolProblem[]> {
  const problems: ToolProblem[] = [];
  const add = (got: string, fix: string): void => {
    problems.push({ tool: TOOL, got, fix });
  };
  const other = "or name a cluster in KUBECONFIG";
  if (process.platform !== "linux") add(`${process.platform} is not Linux`, `use Linux, ${other}`);
  if (!machine.isRoot) {
    add("needs root, for namespaces, cgroups and interfaces", `run this as root, ${other}`);
  }
  if (!(await exists(join(machine.fsRoot, "sys/fs/cgroup")))) {
    add("no cgroups in /sys/fs/cgroup", `mount them, ${other}`);
  }
  if (/[\s,:"'\\]/.test(dir)) {
    add(`${dir} has a character that mounts cannot have`, "choose another directory");
  }
  if (["/", "/proc", "/sys", "/dev"].some((path) => dir === path || isBelow(dir, path))) {
    add(`${dir} is no place for a cluster`, "choose another directory");
  }
  return problems;
}

function isBelow(dir: string, path: string): boolean {
  return path !== "/" && dir.startsWith(`${path}/`);
}

/**
 * Throws what is wrong, and installs what is missing, announced.
 *
 * @throws ToolchainError with every problem and its fix
 */
export async function requireMachine(machine: Machine, dir: string): Promise<void> {
  const problems = await problemsOf(machine, resolve(dir));
  if (problems.length > 0) throw new ToolchainError(problems);
  const found = await Promise.all(Object.keys(PROGRAMS).map((name) => findProgram(machine, name)));
  const missing = Object.values(PROGRAMS).filter((_, index) => found[index] === undefined);
  if (missing.length > 0) await installPackages(machine, TOOL, [...new Set(missing)]);
}
