import { mkdir, readdir, readlink } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { diagnosePlugins, preparePlugins } from "../../toolchain/plugins-ladder.ts";
import { type FakeMachine, fakeMachine, put, script } from "./fake-machine.ts";

const ALL = [
  "pulumi-language-nodejs",
  "pulumi-resource-docker",
  "pulumi-resource-kubernetes",
  "pulumi-resource-pulumi-nodejs",
  "pulumi-resource-random",
];

async function write(binDir: string): Promise<void> {
  for (const name of ALL) await script(join(binDir, name), "echo stand-in");
}

async function cliOf(machine: FakeMachine): Promise<string> {
  return script(join(machine.dir, "cli/pulumi"), `echo "$*" >> ${machine.dir}/calls`);
}

describe("preparePlugins", () => {
  it("puts stand-ins for all into one directory where nothing official is there", async () => {
    const machine = await fakeMachine();
    const { standInDir = "", reports } = await preparePlugins(machine, await cliOf(machine), write);
    expect((await readdir(standInDir)).sort()).toEqual(ALL);
    expect(reports.map(({ tool, origin }) => `${tool}: ${origin}`)).toEqual([
      "language host: stand-in",
      "dynamic provider: stand-in",
      "docker plugin: stand-in",
      "random plugin: stand-in",
    ]);
    expect(reports[2]?.better).toContain("`pulumi plugin install resource docker 5.2.0`");
    expect(reports[2]?.version).toBe("5.2.0");
  });

  it("holds exactly the missing ones: PATH, the CLI's directory and the cache are looked at per plugin", async () => {
    const machine = await fakeMachine();
    const cli = await cliOf(machine);
    const onPath = await script(join(machine.bin, "pulumi-resource-random"), "");
    const beside = await script(join(machine.dir, "cli/pulumi-language-nodejs"), "");
    const cached = join(machine.accountHome, ".pulumi/plugins/resource-docker-v5.2.0");
    await script(join(cached, "pulumi-resource-docker"), "");
    const { standInDir = "", reports } = await preparePlugins(machine, cli, write);
    expect(await readdir(standInDir)).toEqual([
      "pulumi-resource-kubernetes",
      "pulumi-resource-pulumi-nodejs",
    ]);
    expect(reports.map(({ used }) => used)).toEqual([
      beside,
      join(standInDir, "pulumi-resource-pulumi-nodejs"),
      cached,
      onPath,
    ]);
  });

  it("says of the kubernetes plugin only where it is needed", async () => {
    const machine = await fakeMachine();
    const cli = await cliOf(machine);
    const needs = { kubernetes: true };
    const { standInDir, reports } = await preparePlugins(machine, cli, write, needs);
    expect(reports[4]?.tool).toBe("kubernetes plugin");
    expect(reports[4]?.better).toContain("`pulumi plugin install resource kubernetes 4.34.2`");
    expect(await diagnosePlugins(machine, cli, needs)).toHaveLength(5);
    expect((await preparePlugins(machine, cli, write)).standInDir).toBe(standInDir);
    expect(await diagnosePlugins(machine, cli)).toHaveLength(4);
  });

  it("needs no directory when all are official", async () => {
    const machine = await fakeMachine();
    for (const name of ALL) await script(join(machine.bin, name), "");
    const ladder = await preparePlugins(machine, await cliOf(machine), () => {
      throw new Error("must not be called");
    });
    expect(ladder.standInDir).toBeUndefined();
    expect(ladder.reports.map(({ origin }) => origin)).toEqual([
      "found",
      "found",
      "found",
      "found",
    ]);
  });

  it.each([
    ["another version", "resource-docker-v5.1.0", false],
    ["a download that has not ended", "resource-docker-v5.2.0", true],
  ])("does not take %s in the cache for the plugin", async (_, name, partial) => {
    const machine = await fakeMachine();
    const cached = join(machine.accountHome, ".pulumi/plugins", name);
    await script(join(cached, "pulumi-resource-docker"), "");
    if (partial) await put(`${cached}.partial`, "");
    expect((await diagnosePlugins(machine, undefined))[2]?.origin).toBe("stand-in");
  });

  it("does not take its own stand-ins on PATH, inherited from an outer run, for official ones", async () => {
    const machine = await fakeMachine();
    const first = await preparePlugins(machine, await cliOf(machine), write);
    const env = { ...machine.env, PATH: `${machine.env["PATH"] ?? ""}:${first.standInDir ?? ""}` };
    const again = await preparePlugins({ ...machine, env }, await cliOf(machine), write);
    expect(again).toEqual(first);
    const link = await readlink(join(first.standInDir ?? "", "pulumi-resource-docker"));
    expect(link).toBe(join(machine.cache, "plugins/bin/pulumi-resource-docker"));
  });

  it("downloads what can be downloaded where the host answers", async () => {
    const machine = await fakeMachine({ probe: () => Promise.resolve(true) });
    const plugins = join(machine.accountHome, ".pulumi/plugins");
    const cli = await script(
      join(machine.dir, "cli/pulumi"),
      `[ "$4" = docker ] || { echo no such plugin >&2; exit 1; }
       mkdir -p ${plugins}/resource-$4-v$5
       echo > ${plugins}/resource-$4-v$5/pulumi-resource-$4
       chmod 755 ${plugins}/resource-$4-v$5/pulumi-resource-$4`,
    );
    const { standInDir = "", reports } = await preparePlugins(machine, cli, write);
    expect(reports.map(({ origin }) => origin)).toEqual([
      "stand-in",
      "stand-in",
      "official",
      "stand-in",
    ]);
    expect(await readdir(standInDir)).not.toContain("pulumi-resource-docker");
    expect(machine.lines.join("\n")).toContain("no such plugin");
  });

  it("survives two runs at once", async () => {
    const machine = await fakeMachine();
    const cli = await cliOf(machine);
    const runs = await Promise.all([1, 2, 3].map(() => preparePlugins(machine, cli, write)));
    expect(runs[1]).toEqual(runs[0]);
    const left = await readdir(join(machine.cache, "plugins"));
    expect(left.filter((name) => name.includes("partial"))).toEqual([]);
  });

  it("says when the environment hides stand-ins from the engine", async () => {
    const machine = await fakeMachine();
    const env = { ...machine.env, PULUMI_IGNORE_AMBIENT_PLUGINS: "true" };
    await script(join(machine.bin, "pulumi-resource-random"), "");
    const reports = await diagnosePlugins({ ...machine, env }, undefined);
    expect(reports.every(({ problem }) => problem?.includes("unset it") === true)).toBe(true);
  });

  it("creates nothing when it only looks", async () => {
    const machine = await fakeMachine();
    await mkdir(machine.cache, { recursive: true });
    await diagnosePlugins(machine, undefined);
    expect(await readdir(machine.cache)).toEqual([]);
  });
});
