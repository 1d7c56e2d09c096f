import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { helmProgram } from "../../../../bench/release/helm/program.ts";
import { rootDir } from "../../../../infra/root-dir.ts";
import { fakeMachine, put, script, type FakeMachine } from "../../../toolchain/fake-machine.ts";

const pinnedVersion = "v4.9.1";

/** Go in miniature: its Helm says a version, and it notes each build. */
async function machineWithGo(made = pinnedVersion, version = "go1.99.0"): Promise<FakeMachine> {
  const machine = await fakeMachine();
  const module = `module x\n\ngo 1.26.0\n\nrequire (\n\thelm.sh/helm/v4 ${pinnedVersion} // indirect\n)\n`;
  await put(join(machine.root, "bench/release/helm/go.mod"), module);
  await script(
    join(machine.bin, "go"),
    `if [ "$1" = env ]; then echo ${version}; echo local; exit; fi
     echo "$*" >> ${machine.dir}/builds
     while [ "$1" != -o ]; do shift; done
     printf '#!/bin/bash\\necho ${made}\\n' > "$2"; chmod 755 "$2"`,
  );
  return { ...machine, env: { ...machine.env, FLEET_MIN_FREE_GB: "0" } };
}

const builds = async (machine: FakeMachine): Promise<string> =>
  readFile(join(machine.dir, "builds"), "utf8").catch(() => "");

it("is the one on PATH if that is new enough", async () => {
  const machine = await machineWithGo();
  const path = await script(join(machine.bin, "helm"), "echo v3.13.2");
  expect(await helmProgram(machine)).toEqual({ path, version: "v3.13.2" });
  expect(await builds(machine)).toBe("");
});

it("is built once of the version that its module pins, and the one that is too old is named", async () => {
  const machine = await machineWithGo();
  const old = await script(join(machine.bin, "helm"), "echo v3.1.0");
  const path = join(machine.cache, `helm-${pinnedVersion}`, "helm");
  expect(await helmProgram(machine)).toEqual({ path, version: pinnedVersion });
  expect(await helmProgram(machine)).toEqual({ path, version: pinnedVersion });
  expect((await builds(machine)).match(/build -mod=readonly/g)).toHaveLength(1);
  expect(machine.lines[0]).toContain(`${old} is v3.1.0`);
});

it("is not used if it calls itself something else than it was built as", async () => {
  const machine = await machineWithGo("v0.0.1");
  await expect(helmProgram(machine)).rejects.toThrow(/calls itself v0\.0\.1; put Helm/);
  expect((await readdir(machine.cache)).filter((name) => /^helm-(v|partial)/.test(name))).toEqual(
    [],
  );
});

it("says what to do without a Go that can build it", async () => {
  const machine = await machineWithGo(pinnedVersion, "go1.20");
  await expect(helmProgram(machine)).rejects.toThrow(
    /go1\.20, 1\.26\.0 is needed to build it; put Helm 3\.13\.0 or newer, or Go 1\.26\.0 or newer, on PATH/,
  );
});

it("is pinned by the module that lies beside it", async () => {
  const module = await readFile(join(rootDir, "bench/release/helm/go.mod"), "utf8");
  expect(module).toMatch(/^\s*helm\.sh\/helm\/v4 v\d+\.\d+\.\d+/m);
});
