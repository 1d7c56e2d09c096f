import { mkdir, mkdtemp, readFile, rename, rm } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { BUILD_NEEDS_GB, requireSpace } from "../../../toolchain/disk.ts";
import { ask, exec } from "../../../toolchain/exec.ts";
import { findGo } from "../../../toolchain/go.ts";
import { withLock } from "../../../toolchain/lock.ts";
import { isExecutable, onPath, type Machine } from "../../../toolchain/machine.ts";
import { toolProblem } from "../../../toolchain/report.ts";
import { isAtLeast } from "../../../toolchain/versions.ts";

const TOOL = "helm";
const MODULE = "helm.sh/helm/v4";
/** First with `uninstall --ignore-not-found`. */
const MINIMUM = "3.13.0";
const BUILD_MS = 3_600_000;

export interface HelmProgram {
  readonly path: string;
  /** As it calls itself, `v4.3.1`. */
  readonly version: string;
}

/** What the module beside this file pins. */
async function pinned(machine: Machine): Promise<{
  readonly dir: string;
  readonly version: string;
  readonly go: string;
}> {
  const dir = join(machine.root, "bench/release/helm");
  const text = await readFile(join(dir, "go.mod"), "utf8");
  const version = /^\s*helm\.sh\/helm\/v4 (v\S+)/m.exec(text)?.[1];
  const go = /^go (\S+)/m.exec(text)?.[1];
  if (version === undefined || go === undefined) throw new Error(`${dir}/go.mod pins no ${MODULE}`);
  return { dir, version, go };
}

/**
 * `helm` on PATH, else built from its Go module into the toolchain's cache, once for each version; announced. That takes
 * about five minutes on two processors.
 *
 * @throws ToolchainError when Go is missing or the build fails
 */
export async function helmProgram(machine: Machine): Promise<HelmProgram> {
  const installed = await onPath(machine, TOOL);
  if (installed !== undefined) {
    const version = await versionOf(machine, installed);
    if (version !== undefined && isAtLeast(version, MINIMUM)) return { path: installed, version };
    machine.log(
      `${TOOL}: ${installed} is ${version ?? "of no known version"}, not ${MINIMUM}: not used`,
    );
  }
  const { dir, version, go } = await pinned(machine);
  const path = join(machine.cache, `helm-${version}`, TOOL);
  const lock = join(machine.cache, "helm.lock");
  await withLock(lock, { waitMs: BUILD_MS, env: machine.env }, async () => {
    if (!(await isExecutable(path))) await build(machine, { dir, version, go });
  });
  return { path, version };
}

async function versionOf(machine: Machine, path: string): Promise<string | undefined> {
  const args = ["version", "--template", "{{.Version}}"];
  const answer = await ask(path, args, { timeoutMs: 10_000, env: machine.env, cwd: tmpdir() });
  return answer?.stdout.trim() || undefined;
}

async function build(
  machine: Machine,
  { dir, version, go }: Awaited<ReturnType<typeof pinned>>,
): Promise<void> {
  const found = await findGo(machine, go);
  const fix = `put Helm ${MINIMUM} or newer, or Go ${go} or newer, on PATH`;
  if ("problem" in found) throw toolProblem(TOOL, found.problem, fix);
  await mkdir(machine.cache, { recursive: true });
  const goCache = machine.env["GOPATH"] ?? join(machine.home, "go");
  await requireSpace([machine.cache, goCache], BUILD_NEEDS_GB, machine.env);
  machine.log(`${TOOL}: building ${version} from its Go module (about five minutes)`);
  const work = await mkdtemp(join(machine.cache, "helm-partial-"));
  try {
    const flags = `-s -w -X ${MODULE}/internal/version.version=${version}`;
    const target = ["-o", join(work, TOOL), `${MODULE}/cmd/helm`];
    // -mod=readonly: go.sum decides what may be built, and is never written to.
    await exec(
      found.go,
      ["build", "-mod=readonly", "-trimpath", "-buildvcs=false", "-ldflags", flags, ...target],
      {
        timeoutMs: BUILD_MS,
        cwd: dir,
        env: { ...machine.env, HOME: machine.env["HOME"] ?? homedir(), GOWORK: "off" },
        logFile: join(machine.cache, "helm-build.log"),
      },
    );
    const made = await versionOf(machine, join(work, TOOL));
    if (made !== version) throw new Error(`the new one calls itself ${made ?? "nothing"}`);
    const published = join(machine.cache, `helm-${version}`);
    await rm(published, { recursive: true, force: true });
    await rename(work, published);
  } catch (error) {
    throw toolProblem(TOOL, `cannot be built: ${(error as Error).message}`, fix);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}
