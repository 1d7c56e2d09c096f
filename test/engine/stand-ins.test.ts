import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import Docker from "dockerode";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { writePluginExecutables } from "../../toolchain/plugins/install.ts";
import { importTinyImage } from "../containers/plugins/tiny-image.ts";

const REPOSITORY = fileURLToPath(new URL("../..", import.meta.url));
const BASE = "mcp-fleet-test/stand-ins-base:1";
const APP = "mcp-fleet-test/stand-ins-app:1";
/** The test's program makes one container with this label. */
const LABEL = "mcp-fleet-test/stand-ins";

interface Resource {
  readonly urn: string;
  readonly type: string;
  readonly id: string;
  readonly outputs?: Record<string, unknown>;
}

const docker = new Docker();
let folder = "";
let program = "";
let environment: NodeJS.ProcessEnv = {};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "stand-ins-"));
  program = join(folder, "program");
  const context = join(folder, "context");
  const bin = join(folder, "bin");
  await cp(join(REPOSITORY, "test/engine/stand-ins/Pulumi.yaml"), join(program, "Pulumi.yaml"));
  // Once, and not in each run of the program.
  await build({
    ...{ entryPoints: [join(REPOSITORY, "test/engine/stand-ins/program.ts")], format: "esm" },
    outfile: join(program, "program.js"),
  });
  await writeFile(join(program, "package.json"), '{ "type": "module" }\n');
  await symlink(join(REPOSITORY, "node_modules"), join(program, "node_modules"));
  await Promise.all([mkdir(context), mkdir(join(folder, "state")), mkdir(join(folder, "home"))]);
  await writeFile(join(context, "Dockerfile"), `FROM ${BASE}\nARG LEVEL\nLABEL level=$LEVEL\n`);
  await importTinyImage(docker, BASE);
  await writePluginExecutables(bin);
  const cli = process.env.MCP_FLEET_PULUMI;
  const path = [bin, ...(cli === undefined ? [] : [dirname(cli)]), process.env.PATH ?? ""];
  environment = {
    ...process.env,
    PATH: path.join(delimiter),
    PULUMI_HOME: join(folder, "home"),
    PULUMI_BACKEND_URL: `file://${join(folder, "state")}`,
    PULUMI_CONFIG_PASSPHRASE: "only for this test",
    PULUMI_SKIP_UPDATE_CHECK: "true",
  };
  await pulumi("stack", "init", "test");
  await pulumi("config", "set", "context", context);
});

afterAll(async () => {
  await pulumi("destroy", "--yes", "--skip-preview").catch(() => undefined);
  for (const image of [APP, BASE]) {
    await docker
      .getImage(image)
      .remove({ force: true })
      .catch(() => undefined);
  }
  await rm(folder, { recursive: true, force: true });
});

/** Runs the CLI; what it prints. @throws with everything it printed if it fails */
function pulumi(...args: string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const command = [...args, "--non-interactive", "--color", "never"];
    execFile("pulumi", command, { cwd: program, env: environment }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(new Error(`pulumi ${args.join(" ")}: ${stdout}\n${stderr}`));
    });
  });
}

async function resources(): Promise<Resource[]> {
  const state = JSON.parse(await pulumi("stack", "export")) as {
    deployment: { resources?: Resource[] };
  };
  return state.deployment.resources ?? [];
}

async function idOf(name: string): Promise<string> {
  const found = (await resources()).find(({ urn }) => urn.endsWith(`::${name}`));
  if (found === undefined) throw new Error(`no resource ${name} in state`);
  return found.id;
}

function containers(): Promise<Docker.ContainerInfo[]> {
  return docker.listContainers({ all: true, filters: { label: [LABEL] } });
}

describe("the stand-ins under the real engine", () => {
  it("create what a program declares", async () => {
    await pulumi("up", "--yes", "--skip-preview");
    const state = await resources();
    expect(
      state.filter(({ type }) => type.includes("providers")).map(({ urn }) => urn.split("::")[3]),
    ).toEqual(expect.arrayContaining(["default_5_2_0", "default_4_21_2"]));
    const inspect = await docker.getContainer(await idOf("container")).inspect();
    expect(inspect.Name).toMatch(/^\/container-[0-9a-f]{7}$/);
    expect(inspect.State.Health?.Status).toBe("healthy");
    expect(inspect.Config.Env).toContain("LEVEL=1");
    expect(inspect.HostConfig.Memory).toBe(64 * 1024 * 1024);
    const outputs = JSON.parse(await pulumi("stack", "output", "--json", "--show-secrets")) as {
      greeterHost: string;
      secret: string;
    };
    expect(outputs.greeterHost).toBe(hostname());
    expect(outputs.secret).toHaveLength(20);
    const file = join(folder, "state/.pulumi/stacks/stand-ins/test.json");
    expect(await readFile(file, "utf8")).not.toContain(outputs.secret);
  });

  it("have nothing to do for an unchanged program", async () => {
    await pulumi("preview", "--expect-no-changes");
    await pulumi("refresh", "--yes", "--skip-preview", "--expect-no-changes");
    await pulumi("preview", "--expect-no-changes");
  });

  it("refuse a property that they would have to ignore, and change nothing", async () => {
    const before = await idOf("container");
    const update = pulumi("up", "--yes", "--skip-preview", "--config", "unsupported=true");
    await expect(update).rejects.toThrow(
      /'dns' of docker:index\/container:Container is not supported/,
    );
    expect(await idOf("container")).toBe(before);
    await pulumi("config", "rm", "unsupported");
  });

  it("report what a broken program says", async () => {
    const update = pulumi("up", "--yes", "--skip-preview", "--config", "broken=true");
    await expect(update).rejects.toThrow(/the program is broken/);
    await pulumi("config", "rm", "broken");
  });

  it("replace create-first and update in place", async () => {
    const before = await idOf("container");
    const output = await pulumi("up", "--yes", "--skip-preview", "--config", "level=2");
    expect(output).toMatch(/1 updated/);
    expect(output).toMatch(/1 replaced/);
    const after = await idOf("container");
    expect(after).not.toBe(before);
    expect((await containers()).map(({ Id }) => Id)).toEqual([after]);
    await pulumi("preview", "--expect-no-changes");
  });

  it("notice what was removed or stopped by hand, and repair it", async () => {
    await docker.getContainer(await idOf("container")).stop({ t: 0 });
    await pulumi("refresh", "--yes", "--skip-preview");
    await pulumi("up", "--yes", "--skip-preview");
    expect((await containers()).map(({ State }) => State)).toEqual(["running"]);

    await docker.getContainer(await idOf("container")).remove({ force: true });
    await pulumi("up", "--yes", "--skip-preview", "--refresh");
    expect((await containers()).map(({ Id }) => Id)).toEqual([await idOf("container")]);
  });

  it("destroy all of it", async () => {
    await pulumi("destroy", "--yes", "--skip-preview");
    expect(await containers()).toEqual([]);
    expect(await resources()).toEqual([]);
    await expect(docker.getImage(APP).inspect()).rejects.toThrow(/no such image/i);
  });
});
