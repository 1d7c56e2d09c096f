import { cp, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { BUILD_NEEDS_GB, requireSpace } from "./disk.ts";
import { ask, exec } from "./exec.ts";
import { findGo } from "./go.ts";
import { withLock } from "./lock.ts";
import { exists, isExecutable, type Machine, onPath } from "./machine.ts";
import { type Origin, type ToolReport, toolProblem } from "./report.ts";
import { GO_MINIMUM, isAtLeast, parseVersion, PULUMI_MINIMUM, PULUMI_VERSION } from "./versions.ts";

const TOOL = "pulumi";
/**
 * Parts of the CLI that no fleet of ours comes near: keys and storage of clouds, the browser of Pulumi Cloud's API, Envoy's
 * protocol, colours for code. They are half of the build, and compile in half of the time when nothing is optimised.
 */
const UNUSED_PARTS = [
  "cloud.google.com/go",
  "github.com/Azure",
  "github.com/AzureAD",
  "github.com/alecthomas/chroma",
  "github.com/aws/aws-sdk-go-v2",
  "github.com/aws/smithy-go",
  "github.com/envoyproxy",
  "github.com/pb33f/libopenapi",
  "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi/cloud",
  "google.golang.org/api",
];
/** The compiler collects its garbage less often, as long as it stays small: a sixth of its time. */
const COMPILER_MEMORY = { GOGC: "400", GOMEMLIMIT: "1GiB" };
const MODULE = "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi";
const VERSION_VARIABLE = "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version";
const BUILD_MS = 3_600_000;
const DOWNLOAD_MS = 600_000;
const HEARTBEAT_MS = 30_000;
const PARTIAL = "pulumi-partial-";

/** Host that the official CLI and plugins come from. */
export const RELEASE_HOST = "https://get.pulumi.com/";

const OR_GO = `put Pulumi ${PULUMI_MINIMUM} or newer, or Go ${GO_MINIMUM} or newer, on PATH`;

const BETTER = `official CLI ${PULUMI_VERSION} or newer on PATH, with its own language host`;

export interface PulumiCli {
  readonly path: string;
  readonly report: ToolReport;
}

function cachedDir(machine: Machine): string {
  return join(machine.cache, `pulumi-v${PULUMI_VERSION}`);
}

/** Version that an executable gives itself, without the `v`; undefined if it does not run or says something else. */
async function versionOf(machine: Machine, path: string): Promise<string | undefined> {
  const answer = await ask(path, ["version"], {
    timeoutMs: 3_000,
    env: { ...machine.env, PULUMI_SKIP_UPDATE_CHECK: "true" },
    cwd: tmpdir(),
  });
  const text = answer?.stdout.trim().replace(/^v/, "");
  return text !== undefined && parseVersion(text) !== undefined ? text : undefined;
}

/** A usable CLI: installed, or fetched or built before. `unfit` names an installed one that was passed over. */
async function findPulumi(
  machine: Machine,
): Promise<{ readonly cli?: PulumiCli; readonly unfit?: string }> {
  let unfit: string | undefined;
  // Where the official installer puts it; PATH has that only after a new login.
  const installed = join(machine.env["PULUMI_HOME"] || join(machine.home, ".pulumi"), "bin/pulumi");
  for (const path of [await onPath(machine, "pulumi"), installed]) {
    if (path === undefined || !(await isExecutable(path))) continue;
    const version = await versionOf(machine, path);
    if (version !== undefined && isAtLeast(version, PULUMI_MINIMUM)) {
      return { cli: { path, report: { tool: TOOL, used: path, origin: "found", version } } };
    }
    const what = version === undefined ? "of no known version" : `version ${version}`;
    unfit ??= `${path} is ${what}, not ${PULUMI_MINIMUM} or newer`;
  }
  const passedOver = unfit === undefined ? {} : { unfit };
  const path = join(cachedDir(machine), "pulumi");
  if (!(await isExecutable(path))) return passedOver;
  const origin = (
    await readFile(join(cachedDir(machine), "origin"), "utf8").catch(() => "built")
  ).trim();
  const report: ToolReport = {
    tool: TOOL,
    used: path,
    origin: origin === "official" ? "official" : "built",
    version: PULUMI_VERSION,
    ...(origin === "official"
      ? {}
      : { better: unfit === undefined ? BETTER : `${BETTER} (${unfit})` }),
  };
  return { cli: { path, report }, ...passedOver };
}

/** For `fleet doctor`: the CLI that would be used, or how one would be made; changes nothing. */
export async function diagnosePulumi(machine: Machine): Promise<PulumiCli | ToolReport> {
  const { cli, unfit } = await findPulumi(machine);
  if (cli !== undefined) return cli;
  const passedOver = unfit === undefined ? "" : `${unfit}; `;
  const [fetchable, go] = await Promise.all([
    machine.probe(RELEASE_HOST),
    findGo(machine, GO_MINIMUM),
  ]);
  const report = { tool: TOOL, used: cachedDir(machine), origin: "missing" as const };
  if (fetchable)
    return { ...report, better: `${passedOver}\`fleet up\` fetches ${PULUMI_VERSION}` };
  if ("problem" in go) return { ...report, problem: `${passedOver}${go.problem}; ${OR_GO}` };
  return {
    ...report,
    better: `${passedOver}\`fleet up\` builds ${PULUMI_VERSION} in some six minutes`,
  };
}

/** A usable CLI: found, else fetched by its own launcher, else built from its Go module; announced. */
export async function preparePulumi(machine: Machine): Promise<PulumiCli> {
  const { cli, unfit } = await findPulumi(machine);
  if (cli !== undefined) return cli;
  if (unfit !== undefined) machine.log(`${TOOL}: ${unfit}: not used`);
  const lock = join(machine.cache, "pulumi.lock");
  const onWait = (): void => machine.log(`${TOOL}: waiting for another run that makes it`);
  return withLock(lock, { waitMs: BUILD_MS + DOWNLOAD_MS, onWait, env: machine.env }, async () => {
    const other = await findPulumi(machine);
    if (other.cli !== undefined) return other.cli;
    await removeLeftovers(machine);
    const origin = (await fetchOfficial(machine)) ? "official" : "built";
    if (origin === "built") await build(machine);
    const made = await findPulumi(machine);
    if (made.cli === undefined) {
      throw toolProblem(
        TOOL,
        `${cachedDir(machine)} has no CLI after it was made`,
        "run this again",
      );
    }
    machine.log(`${TOOL}: ${made.cli.path} is ready`);
    return made.cli;
  });
}

/** Directories of runs that were killed; they never had the name under which a CLI is looked for. */
async function removeLeftovers(machine: Machine): Promise<void> {
  for (const name of await readdir(machine.cache)) {
    if (name.startsWith(PARTIAL))
      await rm(join(machine.cache, name), { recursive: true, force: true });
  }
}

/** Takes a finished directory into use under its final name, in one step, if the CLI in it is the right one. */
async function publish(machine: Machine, dir: string, origin: Origin): Promise<void> {
  const version = await versionOf(machine, join(dir, "pulumi"));
  if (version !== PULUMI_VERSION) {
    throw new Error(`the new CLI calls itself ${version ?? "nothing"}, not ${PULUMI_VERSION}`);
  }
  await writeFile(join(dir, "origin"), `${origin}\n`);
  await rm(cachedDir(machine), { recursive: true, force: true });
  await rename(dir, cachedDir(machine));
}

/**
 * The official launcher from npm downloads the CLI from the release host; not tried where that does not answer. It takes
 * the version from its environment: no launcher is as old as the CLI that is wanted.
 */
async function fetchOfficial(machine: Machine): Promise<boolean> {
  if (!(await machine.probe(RELEASE_HOST))) {
    machine.log(`${TOOL}: the release host does not answer: no official download`);
    return false;
  }
  machine.log(`${TOOL}: fetching the official CLI ${PULUMI_VERSION}`);
  const work = await mkdtemp(join(machine.cache, PARTIAL));
  try {
    for (const name of ["package.json", "package-lock.json"]) {
      await cp(join(machine.root, "toolchain/pulumi", name), join(work, name));
    }
    const home = join(work, "home");
    const options = {
      timeoutMs: DOWNLOAD_MS,
      cwd: work,
      env: { ...machine.env, PULUMI_HOME: home, PULUMI_VERSION },
      logFile: join(machine.cache, "pulumi-fetch.log"),
    };
    await exec("npm", ["ci", "--no-audit", "--no-fund"], options);
    await exec(process.execPath, [join(work, "node_modules/pulumi/run.js"), "version"], options);
    await publish(machine, join(home, "versions", PULUMI_VERSION, "bin"), "official");
    return true;
  } catch (error) {
    machine.log(`${TOOL}: ${(error as Error).message}`);
    return false;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function build(machine: Machine): Promise<void> {
  const found = await findGo(machine, GO_MINIMUM);
  if ("problem" in found) throw toolProblem(TOOL, found.problem, OR_GO);
  const goCache = machine.env["GOPATH"] ?? join(machine.home, "go");
  await requireSpace([machine.cache, goCache], BUILD_NEEDS_GB, machine.env);
  machine.log(
    `${TOOL}: building ${PULUMI_VERSION} from its Go module (some six minutes on two cores)`,
  );
  const began = Date.now();
  const heartbeat = setInterval(() => {
    machine.log(`${TOOL}: still building, ${Math.round((Date.now() - began) / 1000)} s`);
  }, HEARTBEAT_MS);
  const work = await mkdtemp(join(machine.cache, PARTIAL));
  try {
    // Nobody debugs it: without symbols it is a third smaller.
    const compile = [
      "-gcflags=all=-dwarf=false",
      ...UNUSED_PARTS.map((module) => `-gcflags=${module}/...=-N -l -dwarf=false`),
    ];
    const flags = `-s -w -X ${VERSION_VARIABLE}=v${PULUMI_VERSION}`;
    const target = ["-o", join(work, "bin", "pulumi"), MODULE];
    await mkdir(join(work, "bin"));
    // -mod=readonly: go.sum decides what may be built, and is never written to.
    await exec(
      found.go,
      [
        ...["build", "-mod=readonly", "-trimpath", "-buildvcs=false"],
        ...[...compile, "-ldflags", flags, ...target],
      ],
      {
        timeoutMs: BUILD_MS,
        cwd: join(machine.root, "toolchain/pulumi"),
        env: {
          ...COMPILER_MEMORY,
          ...machine.env,
          ...{ HOME: machine.env["HOME"] ?? homedir(), GOWORK: "off" },
        },
        logFile: join(machine.cache, "pulumi-build.log"),
      },
    );
    await publish(machine, join(work, "bin"), "built");
  } catch (error) {
    throw toolProblem(
      TOOL,
      `cannot be built: ${(error as Error).message}`,
      `put Pulumi ${PULUMI_MINIMUM} or newer on PATH, or mend what Go reports`,
    );
  } finally {
    clearInterval(heartbeat);
    if (await exists(work)) await rm(work, { recursive: true, force: true });
  }
}
