import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { ask, exec } from "./exec.ts";
import { findProgram, isDebianLike, type Machine } from "./machine.ts";
import { toolProblem } from "./report.ts";

const UPDATE_MS = 180_000;
const INSTALL_MS = 600_000;
const LISTS_FRESH_MS = 24 * 3_600_000;

/** Waits for another apt instead of failing, and never asks a question. */
const QUIET = ["-q", "-y", "-o", "DPkg::Lock::Timeout=120", "-o", "Dpkg::Use-Pty=0"];

function aptEnv(machine: Machine): NodeJS.ProcessEnv {
  return { ...machine.env, DEBIAN_FRONTEND: "noninteractive", LC_ALL: "C.UTF-8" };
}

/** Whether the package lists are there and from the last day: younger than what mirrors drop. */
async function listsAreFresh(machine: Machine): Promise<boolean> {
  const dir = join(machine.fsRoot, "var/lib/apt/lists");
  const names = await readdir(dir).catch(() => []);
  const lists = names.filter((name) => /_(?:InRelease|Release)$/.test(name));
  const fresh = await stat(join(machine.fsRoot, "var/lib/apt/lists/partial")).catch(
    () => undefined,
  );
  return lists.length > 0 && fresh !== undefined && Date.now() - fresh.mtimeMs < LISTS_FRESH_MS;
}

/** `apt-get update` if the lists are missing or a day old. */
export async function refreshLists(machine: Machine): Promise<void> {
  if (await listsAreFresh(machine)) return;
  machine.log("apt: reading the package lists");
  await exec("apt-get", [...QUIET, "update"], { timeoutMs: UPDATE_MS, env: aptEnv(machine) });
}

/** Packages that this release of the distribution knows, in the order given. */
async function knownPackages(
  machine: Machine,
  names: readonly string[],
): Promise<readonly string[]> {
  const answers = await Promise.all(
    names.map((name) =>
      ask("apt-cache", ["show", "--no-all-versions", name], {
        timeoutMs: 30_000,
        env: aptEnv(machine),
      }),
    ),
  );
  return names.filter((_, index) => (answers[index]?.stdout.trim() ?? "") !== "");
}

/**
 * Installs packages, announced. Only as root on Debian and its like; otherwise throws a `ToolchainError` of `tool`
 * that says what to install by hand.
 *
 * @param wanted what must be there
 * @param optional what is taken along where the release has it
 */
export async function installPackages(
  machine: Machine,
  tool: string,
  wanted: readonly string[],
  optional: readonly string[] = [],
): Promise<void> {
  const byHand = `install ${wanted.join(" and ")} with your package manager`;
  if (!(await isDebianLike(machine)) || (await findProgram(machine, "apt-get")) === undefined) {
    throw toolProblem(
      tool,
      `${wanted.join(", ")} not installed, and this is not Debian or Ubuntu`,
      byHand,
    );
  }
  if (!machine.isRoot) {
    throw toolProblem(
      tool,
      `${wanted.join(", ")} not installed, and installing needs root`,
      `run \`sudo apt-get install ${wanted.join(" ")}\`, or run this command once as root`,
    );
  }
  try {
    await refreshLists(machine);
    const packages = [...wanted, ...(await knownPackages(machine, optional))];
    machine.log(`${tool}: installing ${packages.join(", ")} with apt-get`);
    await exec("apt-get", [...QUIET, "install", "--no-install-recommends", ...packages], {
      timeoutMs: INSTALL_MS,
      env: aptEnv(machine),
      logFile: join(machine.cache, "apt.log"),
    });
  } catch (error) {
    const got = error instanceof Error ? error.message : String(error);
    throw toolProblem(
      tool,
      got,
      "mend apt (its own message is above), then run this command again",
    );
  }
}
