import { createHash } from "node:crypto";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import tar from "tar-stream";
import { expect, test } from "vitest";
import { renderImageConfig, writeArchive } from "../../../toolchain/kubernetes/archive.ts";
import { digestOf, preparePrograms, programsDir } from "../../../toolchain/kubernetes/programs.ts";
import { problemsOf, requireMachine } from "../../../toolchain/kubernetes/requirements.ts";
import { fakeMachine, type FakeMachine, put, script } from "../fake-machine.ts";

/** Go in miniature: its programs say the version of Kubernetes, and it notes how often it was asked. */
const FAKE_GO = `
case "$1" in
  env) echo go1.99.0; echo local ;;
  build)
    echo built >> "$HOME/builds"
    while [ "$1" != -o ]; do shift; done
    for name in kubernetes box coredns; do
      printf '#!/bin/bash\\necho Kubernetes v1.34.2\\n' > "$2$name"; chmod +x "$2$name"
    done ;;
esac`;

async function machineWithGo(go = FAKE_GO): Promise<FakeMachine> {
  const machine = await fakeMachine();
  await put(join(machine.root, "toolchain/kubernetes/go/core/go.mod"), "module core");
  await put(join(machine.root, "toolchain/kubernetes/go/addons/go.mod"), "module addons");
  await put(join(machine.home, "builds"), "");
  await script(join(machine.bin, "go"), go);
  return {
    ...machine,
    env: { ...machine.env, FLEET_MIN_FREE_GB: "0", PATH: `${machine.bin}:/usr/bin:/bin` },
  };
}

async function builds(machine: FakeMachine): Promise<number> {
  return (await readFile(join(machine.home, "builds"), "utf8")).split("built").length - 1;
}

test("programs are built once, and again when a source changes", async () => {
  const machine = await machineWithGo();
  expect(await preparePrograms(machine)).toBe(programsDir(machine));
  expect(await builds(machine)).toBe(2);
  await preparePrograms(machine);
  expect(await builds(machine)).toBe(2);
  await put(join(machine.root, "toolchain/kubernetes/go/core/new.go"), "package core");
  await preparePrograms(machine);
  expect(await builds(machine)).toBe(4);
  expect(await readdir(programsDir(machine))).toContain("images.tar");
});

test("a build that fails says why, leaves nothing, and does not touch what was built before", async () => {
  const machine = await machineWithGo();
  await preparePrograms(machine);
  await script(
    join(machine.bin, "go"),
    FAKE_GO.replace("echo built", "echo no net >&2; exit 1; echo"),
  );
  await put(join(machine.root, "toolchain/kubernetes/go/core/new.go"), "package core");
  await expect(preparePrograms(machine)).rejects.toThrow(/kubernetes: cannot be built: .*no net/s);
  const kept = await readdir(machine.cache);
  expect(kept.filter((name) => name.startsWith("kubernetes-") && !name.endsWith(".log"))).toEqual([
    "kubernetes-1.34.2",
  ]);
  expect(await readdir(programsDir(machine))).toContain("kubelet");
});

test("an old Go is named with what is needed, and what else would do", async () => {
  const machine = await machineWithGo("echo go1.20.1; echo local");
  await expect(preparePrograms(machine)).rejects.toThrow(
    /go1\.20\.1, 1\.26\.4 is needed to build it; put Go 1\.26\.4 or newer on PATH, or name a cluster in KUBECONFIG/,
  );
});

test("a digest tells contents and names apart", async () => {
  const { dir } = await fakeMachine();
  const source = join(dir, "source");
  const digests = new Set<string>();
  await put(join(source, "a"), "x");
  digests.add(await digestOf(source));
  await writeFile(join(source, "a"), "y");
  digests.add(await digestOf(source));
  await put(join(source, "b"), "");
  digests.add(await digestOf(source));
  expect(digests.size).toBe(3);
});

test("an image is its program, its links and a matching description", async () => {
  const { dir } = await fakeMachine();
  const program = join(dir, "box");
  await put(program, "static");
  const image = {
    reference: "x/box:1",
    program,
    path: "box",
    links: ["volume"],
    command: ["pause"],
  };
  const file = join(dir, "images.tar");
  await writeArchive([image], file);
  const files = new Map<string, Buffer>();
  const extract = tar.extract();
  extract.end(await readFile(file));
  for await (const entry of extract) {
    const chunks: Buffer[] = [];
    for await (const chunk of entry) chunks.push(chunk as Buffer);
    files.set(entry.header.name, Buffer.concat(chunks));
  }
  const [manifest] = JSON.parse(files.get("manifest.json")?.toString() ?? "[]") as [
    { Config: string; RepoTags: string[]; Layers: [string] },
  ];
  expect(manifest.RepoTags).toEqual(["x/box:1"]);
  const layer = files.get(manifest.Layers[0]) ?? Buffer.alloc(0);
  const digest = createHash("sha256").update(layer).digest("hex");
  expect(files.get(manifest.Config)?.toString()).toBe(
    renderImageConfig(image, digest, process.arch === "x64" ? "amd64" : process.arch),
  );
});

test("what a machine lacks is said at once, each with what helps", async () => {
  const machine = await fakeMachine();
  const problems = await problemsOf(machine, "/sys/a:b");
  expect(problems.map(({ got, fix }) => `${got}; ${fix}`)).toEqual([
    "needs root, for namespaces, cgroups and interfaces; run this as root, or name a cluster in KUBECONFIG",
    "no cgroups in /sys/fs/cgroup; mount them, or name a cluster in KUBECONFIG",
    "/sys/a:b has a character that mounts cannot have; choose another directory",
    "/sys/a:b is no place for a cluster; choose another directory",
  ]);
});

test("missing programs are installed where that can be, and named where it cannot", async () => {
  const machine = await fakeMachine({ isRoot: true });
  await put(join(machine.fsRoot, "sys/fs/cgroup/tasks"), "");
  await expect(requireMachine(machine, "/data")).rejects.toThrow(
    /containerd, iproute2, mount, nftables, util-linux, openssl, runc not installed, and this is not Debian/,
  );
});
