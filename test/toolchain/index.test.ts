import { readdir } from "node:fs/promises";
import { delimiter, dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { diagnoseOn, type Need, prepareOn, ToolchainError } from "../../toolchain/index.ts";
import { BASE_IMAGE } from "../../toolchain/versions.ts";
import { fakeEngine, fakeMachine, healthyEngine, put, script } from "./fake-machine.ts";

const EVERYTHING: ReadonlySet<Need> = new Set(["pulumi", "docker", "images", "state"]);

async function write(binDir: string): Promise<void> {
  for (const name of ["pulumi-language-nodejs", "pulumi-resource-docker"]) {
    await script(join(binDir, name), "");
  }
}

describe("prepare", () => {
  it("returns all that pulumi needs, stand-ins at the end of PATH", async () => {
    const machine = await fakeMachine();
    await fakeEngine(machine, healthyEngine(new Map([[BASE_IMAGE, {}]])));
    const pulumi = await script(join(machine.bin, "pulumi"), "echo v3.250.0");
    const toolchain = await prepareOn(machine, { needs: EVERYTHING }, write);
    expect(toolchain).toMatchObject({ pulumi, baseImage: BASE_IMAGE });
    expect(Object.keys(toolchain.env).sort()).toEqual([
      "PATH",
      "PULUMI_BACKEND_URL",
      "PULUMI_CONFIG_PASSPHRASE_FILE",
      "PULUMI_SKIP_UPDATE_CHECK",
    ]);
    const path = (toolchain.env["PATH"] ?? "").split(delimiter);
    expect(path[0]).toBe(dirname(pulumi));
    expect(path.at(-1)).toMatch(/\.toolchain\/plugins\/path-/);
    expect(toolchain.reports.map(({ tool }) => tool)).toEqual([
      "node",
      "pulumi",
      "language host",
      "dynamic provider",
      "docker plugin",
      "random plugin",
      "docker engine",
      "base image",
      "state backend",
      "passphrase",
    ]);
    const inner = { ...machine, env: { ...machine.env, ...toolchain.env } };
    expect((await prepareOn(inner, { needs: EVERYTHING }, write)).env["PATH"]).toBe(
      toolchain.env["PATH"],
    );
  });

  it("touches only what is needed", async () => {
    const machine = await fakeMachine();
    const toolchain = await prepareOn(machine, { needs: new Set(["state"]) }, write);
    expect(toolchain).toMatchObject({ pulumi: "", baseImage: BASE_IMAGE });
    expect(await readdir(machine.cache)).toEqual([]);
  });

  it("reports every problem at once, each with its fix", async () => {
    const machine = await fakeMachine();
    const env = { ...machine.env, PULUMI_CONFIG_PASSPHRASE_FILE: "/nonexistent/file" };
    const failure = await prepareOn({ ...machine, env }, { needs: EVERYTHING }, write).catch(
      (error: unknown) => error,
    );
    expect(failure).toBeInstanceOf(ToolchainError);
    const { message, problems } = failure as ToolchainError;
    expect(problems.map(({ tool }) => tool)).toEqual(["pulumi", "docker engine", "passphrase"]);
    expect(message).toMatch(
      /^the toolchain has 3 problem\(s\):\n {2}pulumi: .*; put [^]*\n {2}docker engine: /,
    );
  });

  it("throws what is no problem of a tool as it is", async () => {
    const machine = await fakeMachine();
    await script(join(machine.bin, "pulumi"), "echo v3.250.0");
    const broken = (): Promise<void> => Promise.reject(new Error("defect"));
    await expect(prepareOn(machine, { needs: EVERYTHING }, broken)).rejects.toThrow(/^defect$/);
  });
});

describe("diagnose", () => {
  it("has a line for every tool on a machine with nothing, in less than 4 s, and changes nothing", async () => {
    const machine = await fakeMachine();
    await fakeEngine(machine, () => undefined);
    const began = Date.now();
    const reports = await diagnoseOn(machine);
    expect(Date.now() - began).toBeLessThan(4_000);
    expect(reports).toHaveLength(10);
    expect(reports.filter(({ problem }) => problem !== undefined).map(({ tool }) => tool)).toEqual([
      "pulumi",
      "docker engine",
    ]);
    expect(await readdir(machine.cache)).toEqual([]);
    expect(await readdir(machine.home)).toEqual([]);
  });

  it("looks at what the stack needs: the plugin of a cluster, the key service that its file names", async () => {
    const machine = await fakeMachine();
    await fakeEngine(machine, () => undefined);
    await put(join(machine.root, "Pulumi.production.yaml"), "secretsprovider: awskms://alias/x\n");
    const reports = await diagnoseOn(machine, { stack: "production", kubernetes: true });
    expect(reports.map(({ tool }) => tool)).toContain("kubernetes plugin");
    expect(reports.find(({ tool }) => tool === "passphrase")?.origin).not.toBe("missing");
  });

  it("turns a problem into a line", async () => {
    const machine = await fakeMachine();
    const env = { ...machine.env, PULUMI_CONFIG_PASSPHRASE_FILE: "/nonexistent/file" };
    const reports = await diagnoseOn({ ...machine, env });
    expect(reports.find(({ tool }) => tool === "passphrase")?.problem).toMatch(
      /does not exist; restore/,
    );
  });
});
