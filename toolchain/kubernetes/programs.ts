import { createHash } from "node:crypto";
import {
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  symlink,
  writeFile,
} from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { BUILD_NEEDS_GB, requireSpace } from "../disk.ts";
import { exec } from "../exec.ts";
import { findGo } from "../go.ts";
import { withLock } from "../lock.ts";
import type { Machine } from "../machine.ts";
import { toolProblem } from "../report.ts";
import { systemImages, writeArchive } from "./archive.ts";
import { GO_NEEDED, KUBERNETES_VERSION } from "./versions.ts";

const TOOL = "kubernetes";
const BUILD_MS = 7_200_000;
const HEARTBEAT_MS = 30_000;
const PARTIAL = "kubernetes-partial-";

/** Programs of `go/core/cmd/kubernetes`, which goes by the name it is called. */
const NAMES = [
  "etcd",
  "kube-apiserver",
  "kube-controller-manager",
  "kube-proxy",
  "kube-scheduler",
  "kubelet",
  "network-policies",
];

const CNI = "github.com/containernetworking/plugins/plugins";

/** What is built of which module; one call each, so that what its programs share is compiled once. */
const MODULES = [
  {
    dir: "core",
    flags: `-s -w -X k8s.io/component-base/version.gitVersion=v${KUBERNETES_VERSION}`,
    packages: [
      "./cmd/kubernetes",
      "./cmd/box",
      "./cmd/policy-gate",
      `${CNI}/main/ptp`,
      `${CNI}/main/loopback`,
      `${CNI}/ipam/host-local`,
      `${CNI}/meta/portmap`,
    ],
  },
  {
    dir: "addons",
    flags: "-s -w",
    packages: [
      "./coredns",
      "sigs.k8s.io/metrics-server/cmd/metrics-server",
      "github.com/rancher/local-path-provisioner",
    ],
  },
] as const;

/** Directory of the programs and of `images.tar`. */
export function programsDir(machine: Machine): string {
  return join(machine.cache, `kubernetes-${KUBERNETES_VERSION}`);
}

/** Digest of everything below a directory but Go's tests: names and contents. */
export async function digestOf(dir: string): Promise<string> {
  const hash = createHash("sha256");
  const entries = await readdir(dir, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile() && !entry.name.endsWith("_test.go"))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  for (const file of files) {
    hash.update(`${file.slice(dir.length)}\n`).update(await readFile(file));
  }
  return hash.digest("hex");
}

async function isBuilt(machine: Machine, source: string): Promise<boolean> {
  const built = await readFile(join(programsDir(machine), "source"), "utf8").catch(() => undefined);
  return built === source;
}

/**
 * The directory of the cluster's programs, built from their Go modules if they are not there or their sources have
 * changed; announced. Takes about ten minutes on two processors the first time.
 *
 * @throws ToolchainError when Go is missing or a build fails
 */
export async function preparePrograms(machine: Machine): Promise<string> {
  const dir = programsDir(machine);
  const source = await digestOf(join(machine.root, "toolchain/kubernetes/go"));
  if (await isBuilt(machine, source)) return dir;
  const lock = join(machine.cache, "kubernetes.lock");
  const onWait = (): void => machine.log(`${TOOL}: waiting for another run that builds it`);
  await withLock(lock, { waitMs: BUILD_MS, onWait, env: machine.env }, async () => {
    if (await isBuilt(machine, source)) return;
    for (const name of await readdir(machine.cache)) {
      if (name.startsWith(PARTIAL))
        await rm(join(machine.cache, name), { recursive: true, force: true });
    }
    await build(machine, source);
  });
  return dir;
}

async function build(machine: Machine, source: string): Promise<void> {
  const found = await findGo(machine, GO_NEEDED);
  if ("problem" in found) {
    const fix = `put Go ${GO_NEEDED} or newer on PATH, or name a cluster in KUBECONFIG`;
    throw toolProblem(TOOL, found.problem, fix);
  }
  const goCache = machine.env["GOPATH"] ?? join(machine.home, "go");
  await requireSpace([machine.cache, goCache], BUILD_NEEDS_GB, machine.env);
  machine.log(`${TOOL}: building ${KUBERNETES_VERSION} from Go modules (about ten minutes)`);
  const began = Date.now();
  const seconds = (): number => Math.round((Date.now() - began) / 1000);
  const heartbeat = setInterval(() => {
    machine.log(`${TOOL}: still building, ${seconds()} s`);
  }, HEARTBEAT_MS);
  const work = await mkdtemp(join(machine.cache, PARTIAL));
  try {
    const bin = join(work, "kubernetes");
    await mkdir(bin);
    for (const module of MODULES) await buildModule(machine, found.go, module, bin);
    for (const name of NAMES) await symlink("kubernetes", join(bin, name));
    await checkVersion(bin);
    await writeArchive(systemImages(bin), join(bin, "images.tar"));
    await writeFile(join(bin, "source"), source);
    await rm(programsDir(machine), { recursive: true, force: true });
    await rename(bin, programsDir(machine));
    machine.log(`${TOOL}: ${programsDir(machine)} is ready after ${seconds()} s`);
  } catch (error) {
    throw toolProblem(
      TOOL,
      `cannot be built: ${(error as Error).message}`,
      "mend what Go reports, or name a cluster in KUBECONFIG",
    );
  } finally {
    clearInterval(heartbeat);
    await rm(work, { recursive: true, force: true });
  }
}

async function buildModule(
  machine: Machine,
  go: string,
  { dir, flags, packages }: (typeof MODULES)[number],
  bin: string,
): Promise<void> {
  // -mod=readonly: go.sum decides what may be built, and is never written to.
  const options = ["-mod=readonly", "-trimpath", "-buildvcs=false", "-ldflags", flags];
  await exec(go, ["build", ...options, "-o", `${bin}/`, ...packages], {
    timeoutMs: BUILD_MS,
    cwd: join(machine.root, "toolchain/kubernetes/go", dir),
    env: {
      ...machine.env,
      HOME: machine.env["HOME"] ?? homedir(),
      GOWORK: "off",
      // Static: they run in images that hold nothing else.
      CGO_ENABLED: "0",
    },
    logFile: join(machine.cache, "kubernetes-build.log"),
  });
}

async function checkVersion(bin: string): Promise<void> {
  const { stdout } = await exec(join(bin, "kubelet"), ["--version"], { timeoutMs: 30_000 });
  if (stdout.trim() !== `Kubernetes v${KUBERNETES_VERSION}`) {
    throw new Error(`the new kubelet calls itself ${stdout.trim()}`);
  }
}
