import { access, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { installPackages } from "./apt.ts";
import { type AptAccess, renderSources } from "./apt-sources.ts";
import type { Engine } from "./docker-engine.ts";
import { callEngine, streamFailure } from "./engine-api.ts";
import { exec, execStream } from "./exec.ts";
import { findProgram, type Machine } from "./machine.ts";
import { toolProblem } from "./report.ts";

const TOOL = "base image";
const BOOTSTRAP_MS = 600_000;
const IMPORT_MS = 300_000;
const PARTIAL = "base-partial-";

/** Files that make a machine's system an image's: no daemons started, no package cache or manuals kept. */
function imageFiles({ mirrors, config }: AptAccess): Readonly<Record<string, string>> {
  const clean = "rm -f /var/cache/apt/archives/*.deb /var/cache/apt/archives/partial/*.deb || true";
  return {
    "etc/apt/sources.list.d/debian.sources": renderSources(mirrors),
    "etc/apt/apt.conf.d/50mcp-fleet": [
      'Acquire::Languages "none";',
      'Acquire::GzipIndexes "true";',
      'Acquire::Retries "3";',
      'APT::AutoRemove::SuggestsImportant "false";',
      `DPkg::Post-Invoke { "${clean}"; };`,
      ...config,
      "",
    ].join("\n"),
    "etc/dpkg/dpkg.cfg.d/50mcp-fleet": [
      "force-unsafe-io",
      "path-exclude /usr/share/doc/*",
      "path-include /usr/share/doc/*/copyright",
      "path-exclude /usr/share/man/*",
      "path-exclude /usr/share/info/*",
      "",
    ].join("\n"),
  };
}

const LEFT_OUT = [
  "./dev/*",
  "./proc/*",
  "./sys/*",
  "./tmp/*",
  "./var/cache/apt/*.bin",
  "./var/cache/apt/archives/*.deb",
  "./var/lib/apt/lists/*",
  "./var/log/*.log",
  "./var/log/apt/*",
  "./usr/share/man/*",
  "./usr/share/info/*",
];

/**
 * Makes `reference` from packages alone: debootstrap of `suite`, imported as one layer with `labels`. The engine names
 * the image when all of it has arrived, so a half-finished one is never seen.
 */
export async function buildBase(
  machine: Machine,
  engine: Engine,
  apt: AptAccess,
  image: {
    readonly reference: string;
    readonly suite: string;
    readonly labels: Readonly<Record<string, string>>;
  },
): Promise<void> {
  await mkdir(machine.cache, { recursive: true });
  await removeLeftovers(machine);
  if ((await findProgram(machine, "debootstrap")) === undefined) {
    await installPackages(machine, TOOL, ["debootstrap"]);
  }
  const work = await mkdtemp(join(machine.cache, PARTIAL));
  const root = join(work, "root");
  try {
    await bootstrap(machine, apt, image.suite, root);
    await rm(join(root, "etc/apt/sources.list"), { force: true });
    for (const [path, text] of Object.entries(imageFiles(apt))) {
      await writeFile(join(root, path), text);
    }
    // Packages ask this script whether they may start their daemon; in a build there is nothing to start it for.
    await writeFile(join(root, "usr/sbin/policy-rc.d"), "#!/bin/sh\nexit 101\n", { mode: 0o755 });
    await importTree(machine, engine, root, image.reference, image.labels);
  } finally {
    await removeTree(work);
  }
}

async function bootstrap(
  machine: Machine,
  apt: AptAccess,
  suite: string,
  root: string,
): Promise<void> {
  const mirror = apt.mirrors[0]?.uri ?? "";
  const scripts = join(machine.fsRoot, "usr/share/debootstrap/scripts");
  // A debootstrap older than the release lacks its name, and all releases share the script of the unstable one.
  const known = await access(join(scripts, suite)).then(
    () => true,
    () => false,
  );
  const script = known ? [] : [join(scripts, "sid")];
  const args = ["--variant=minbase", "--force-check-gpg", suite, root, mirror, ...script];
  machine.log(`${TOOL}: building Debian ${suite} with debootstrap (about half a minute)`);
  try {
    // A mount namespace of its own: what debootstrap mounts inside the tree goes when it ends, killed or not.
    await exec("unshare", ["--mount", "debootstrap", ...args], {
      timeoutMs: BOOTSTRAP_MS,
      env: {
        ...machine.env,
        ...apt.proxyEnv,
        PATH: `${machine.env["PATH"] ?? ""}:/usr/sbin:/sbin`,
      },
      logFile: join(machine.cache, "debootstrap.log"),
    });
  } catch (error) {
    const log = join(root, "debootstrap/debootstrap.log");
    const inner = await readFile(log, "utf8").catch(() => "");
    const tail = inner.split("\n").slice(-6).join("\n    ").trim();
    throw toolProblem(
      TOOL,
      `${(error as Error).message}${tail === "" ? "" : `\n    ${tail}`}`,
      "mend what debootstrap reports, or name a base image in FLEET_BASE_IMAGE",
    );
  }
}

async function importTree(
  machine: Machine,
  engine: Engine,
  root: string,
  reference: string,
  labels: Readonly<Record<string, string>>,
): Promise<void> {
  const colon = reference.lastIndexOf(":");
  const query = new URLSearchParams({
    fromSrc: "-",
    repo: reference.slice(0, colon),
    tag: reference.slice(colon + 1),
    message: "debootstrap --variant=minbase",
  });
  const changes = [
    'CMD ["bash"]',
    ...Object.entries(labels).map(([key, value]) => `LABEL ${key}=${value}`),
  ];
  for (const change of changes) query.append("changes", change);
  const excludes = LEFT_OUT.map((path) => `--exclude=${path}`);
  const tar = execStream("tar", ["--numeric-owner", "-C", root, ...excludes, "-c", "."], {
    timeoutMs: IMPORT_MS,
    env: machine.env,
  });
  // A tar that fails must cut the upload off, or the engine would take a short tree for a whole one.
  tar.done.catch((error: Error) => tar.stdout.destroy(error));
  try {
    const [answer] = await Promise.all([
      callEngine(engine.endpoint, `/images/create?${query.toString()}`, machine.env, {
        method: "POST",
        timeoutMs: IMPORT_MS,
        headers: { "Content-Type": "application/x-tar" },
        body: tar.stdout,
      }),
      tar.done,
    ]);
    const failure = streamFailure(answer.status, answer.body);
    if (failure !== undefined) throw new Error(failure);
  } catch (error) {
    throw toolProblem(
      TOOL,
      `import failed: ${(error as Error).message}`,
      "mend the engine, then run this again",
    );
  }
}

/** Trees of builds that were killed; their mounts are gone with their namespaces. */
async function removeLeftovers(machine: Machine): Promise<void> {
  for (const name of await readdir(machine.cache)) {
    if (name.startsWith(PARTIAL)) await removeTree(join(machine.cache, name));
  }
}

/** Removes a tree unless something is still mounted in it: that would be removed too. */
async function removeTree(path: string): Promise<void> {
  const mounts = await readFile("/proc/self/mountinfo", "utf8").catch(() => "");
  if (mounts.includes(`/${basename(path)}/`)) return;
  await rm(path, { recursive: true, force: true });
}
