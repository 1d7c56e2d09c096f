import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { wantedWeight, weighContainers } from "../../toolchain/container-weight.ts";
import { fakeMachine, put } from "./fake-machine.ts";

const cgroups = "sys/fs/cgroup";

describe("weighContainers", () => {
  it("gives all containers together ten processes' shares, where each controller has its hierarchy", async () => {
    const machine = await fakeMachine();
    const root = join(machine.fsRoot, cgroups);
    await put(join(root, "cpu/cpu.shares"), "1024\n");
    await put(join(root, "cpu/docker/cpu.shares"), "1024\n");
    await weighContainers(machine);
    expect(await readFile(join(root, "cpu/docker/cpu.shares"), "utf8")).toBe("10240");
  });

  it("turns the controller on for children, where all have one hierarchy", async () => {
    const machine = await fakeMachine();
    const root = join(machine.fsRoot, cgroups);
    await put(join(root, "cgroup.controllers"), "cpuset cpu io memory\n");
    // The kernel makes it with the directory.
    await put(join(root, "docker/cpu.weight"), "100\n");
    await weighContainers(machine);
    expect(await readFile(join(root, "cgroup.subtree_control"), "utf8")).toBe("+cpu");
    expect(await readFile(join(root, "docker/cpu.weight"), "utf8")).toBe("1000");
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
