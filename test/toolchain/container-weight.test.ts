import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { wantedWeight, weighContainers } from "../../toolchain/container-weight.ts";
import { fakeMachine, put } from "./fake-machine.ts";

const cgroups = "sys/fs/cgroup";

describe("weighContainers", () => {
  it.each([
    [
      "each controller has its hierarchy",
      "cpu/cpu.shares",
      "1024\n",
      "cpu/docker/cpu.shares",
      "10240",
    ],
    ["all have one", "cgroup.controllers", "cpuset cpu io\n", "docker/cpu.weight", "1000"],
  ])("weighs ten processes where %s", async (_where, file, content, weight, wanted) => {
    const machine = await fakeMachine();
    const root = join(machine.fsRoot, cgroups);
    await put(join(root, file), content);
    // The kernel makes it with the directory.
    await put(join(root, weight), "1\n");
    await weighContainers(machine);
    expect(await readFile(join(root, weight), "utf8")).toBe(wanted);
    const handedDown = await readFile(join(root, "cgroup.subtree_control"), "utf8").catch(() => "");
    expect(handedDown).toBe(file === "cgroup.controllers" ? "+cpu" : "");
  });

  it("says so and goes on where there is nothing to weigh with", async () => {
    const machine = await fakeMachine();
    await weighContainers(machine);
    expect(machine.lines).toEqual([
      expect.stringMatching(/^containers keep the weight of one process: ENOENT/),
    ]);
  });
});

describe("wantedWeight", () => {
  it.each([
    ["cpu/docker/cpu.shares", "1024\n", "10240"],
    ["docker/cpu.weight", "100\n", "1000"],
  ])("is ten times that of one process in %s", async (file, now, wanted) => {
    const machine = await fakeMachine();
    const path = join(machine.fsRoot, cgroups, file);
    await put(path, now);
    expect(await wantedWeight(machine)).toBe(`echo ${wanted} > ${path}`);
    await put(path, `${wanted}\n`);
    expect(await wantedWeight(machine)).toBeUndefined();
  });

  it("is nobody's business where systemd weighs each container", async () => {
    const machine = await fakeMachine();
    await put(join(machine.fsRoot, cgroups, "docker/cpu.weight"), "100\n");
    await put(join(machine.fsRoot, "run/systemd/system/x"), "");
    expect(await wantedWeight(machine)).toBeUndefined();
  });
});
