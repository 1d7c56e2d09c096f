import { constants } from "node:fs";
import { access, readFile, stat } from "node:fs/promises";
import { homedir } from "node:os";
import { delimiter, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { accountHome } from "../infra/release/pulumi-home.ts";
import { isReachable } from "./probe.ts";

/** Everything the toolchain may look at or change; tests put a small fake world in its place. */
export interface Machine {
  /** Repository root. */
  readonly root: string;
  /** Where built and fetched tools are kept: `.toolchain/` of the repository. */
  readonly cache: string;
  readonly env: NodeJS.ProcessEnv;
  readonly home: string;
  /** Home directory of the account, which Pulumi takes; `home` is the one that the environment names. */
  readonly accountHome: string;
  /** Whether the process may install packages and start daemons. */
  readonly isRoot: boolean;
  /** Directory of `os-release`, `systemd` and the like; `/` but in tests. */
  readonly fsRoot: string;
  readonly log: (line: string) => void;
  /** Whether a host answers HTTP at all, within 2 s. */
  readonly probe: (url: string) => Promise<boolean>;
}

/** The machine this process runs on. */
export function thisMachine(log: (line: string) => void): Machine {
  const root = resolve(dirname(fileURLToPath(import.meta.url)), "..");
  return {
    root,
    cache: join(root, ".toolchain"),
    env: process.env,
    home: process.env["HOME"] ?? homedir(),
    accountHome: accountHome(),
    isRoot: process.getuid?.() === 0,
    fsRoot: "/",
    log,
    probe: (url) => isReachable(url, { env: process.env }),
  };
}

/** Directories that hold daemons and compilers but are often left out of PATH (sudo, cron, plain containers). */
const UNLISTED = ["usr/local/go/bin", "usr/local/sbin", "usr/sbin", "sbin"];

export async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}

export async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/** Directories of PATH in order, without empty entries. */
export function pathDirs(env: NodeJS.ProcessEnv): readonly string[] {
  return (env["PATH"] ?? "").split(delimiter).filter((dir) => dir !== "");
}

/** First executable called `name` on PATH that `accept` takes. */
export async function onPath(
  machine: Machine,
  name: string,
  accept: (path: string) => boolean = () => true,
): Promise<string | undefined> {
  for (const dir of pathDirs(machine.env)) {
    const path = resolve(dir, name);
    if (accept(path) && (await isExecutable(path))) return path;
  }
  return undefined;
}

/** Like `onPath`, also in the usual directories that PATH may lack. */
export async function findProgram(machine: Machine, name: string): Promise<string | undefined> {
  const listed = await onPath(machine, name);
  if (listed !== undefined) return listed;
  for (const dir of UNLISTED) {
    const path = join(machine.fsRoot, dir, name);
    if (await isExecutable(path)) return path;
  }
  return undefined;
}

/** Whether packages come by apt: Debian, Ubuntu and what is derived from them. */
export async function isDebianLike(machine: Machine): Promise<boolean> {
  const text = await readFile(join(machine.fsRoot, "etc/os-release"), "utf8").catch(() => "");
  return /^ID(?:_LIKE)?=.*\b(?:debian|ubuntu)\b/m.test(text);
}
