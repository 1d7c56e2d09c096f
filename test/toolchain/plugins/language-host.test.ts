import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { programDependencies } from "../../../toolchain/plugins/language-host/dependencies.ts";
import { parseOptions, splitArguments } from "../../../toolchain/plugins/language-host/options.ts";
import { requiredPlugins } from "../../../toolchain/plugins/language-host/packages.ts";
import { runProgram } from "../../../toolchain/plugins/language-host/run.ts";

let folder = "";

async function write(path: string, content: unknown): Promise<void> {
  await mkdir(join(folder, path, ".."), { recursive: true });
  await writeFile(
    join(folder, path),
    typeof content === "string" ? content : JSON.stringify(content),
  );
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "language-host-"));
  await write("package.json", { dependencies: { "@pulumi/docker": "5.2.0", plain: "1.0.0" } });
  await write("package-lock.json", {
    packages: {
      "": {},
      "node_modules/plain": { version: "1.0.0" },
      "node_modules/@a/b": { version: "2.0.0" },
    },
  });
  await write("node_modules/@pulumi/docker/package.json", {
    name: "@pulumi/docker",
    version: "5.2.0",
    pulumi: { resource: true, name: "docker", version: "5.2.0" },
  });
  await write("node_modules/@pulumi/pulumi/package.json", {
    name: "@pulumi/pulumi",
    version: "3.248.0",
    pulumi: {},
  });
  await write("node_modules/plain/package.json", { name: "plain", version: "1.0.0" });
  await write("node_modules/plain/node_modules/pulumi-other/package.json", {
    name: "pulumi-other",
    version: "1.2.3",
    pulumi: { resource: true, name: "other", server: "github://example" },
  });
  await write("node_modules/broken/package.json", '{"pulumi": {');
});

afterAll(() => rm(folder, { recursive: true, force: true }));

describe("plugins that a program needs", () => {
  it("are found in node_modules and below, broken manifests aside", async () => {
    expect(await requiredPlugins(folder)).toEqual([
      { name: "docker", version: "v5.2.0", server: "" },
      { name: "other", version: "v1.2.3", server: "github://example" },
    ]);
  });

  it("are none without node_modules", async () => {
    expect(await requiredPlugins(join(folder, "nowhere"))).toEqual([]);
  });
});

describe("dependencies", () => {
  it("are the declared ones with the versions that are installed", async () => {
    expect(await programDependencies(folder, false)).toEqual([
      { name: "@pulumi/docker", version: "5.2.0" },
      { name: "plain", version: "1.0.0" },
    ]);
  });

  it("are those of the lock file, if all are asked for", async () => {
    const all = await programDependencies(join(folder, "node_modules/.."), true);
    expect(all).toEqual([
      { name: "plain", version: "1.0.0" },
      { name: "@a/b", version: "2.0.0" },
    ]);
  });
});

describe("runtime options", () => {
  it.each([
    ["--import tsx", ["--import", "tsx"]],
    ["  --a='b c'  d\\ e \"f \\\" g\" '' ", ["--a=b c", "d e", 'f " g', ""]],
    ["", []],
  ])("%j splits like in a shell", (line, words) => {
    expect(splitArguments(line)).toEqual(words);
  });

  it("split what quoting joined", () => {
    const word = fc.string();
    const quote = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;
    fc.assert(
      fc.property(fc.array(word), (words) => {
        expect(splitArguments(words.map(quote).join(" "))).toEqual(words);
      }),
    );
  });

  it("default to the SDK's own TypeScript", () => {
    expect(parseOptions({}).typescript).toBe(true);
    expect(parseOptions({ typescript: false, nodeargs: "--import tsx" })).toEqual({
      typescript: false,
      nodeArguments: ["--import", "tsx"],
      tsconfig: undefined,
    });
  });

  it.each([
    [{ typescript: "no" }, /typescript option must be a boolean/],
    [{ nodeargs: 1 }, /nodeargs option must be a string/],
    [{ nodeargs: "'x" }, /missing closing '/],
    [{ packagemanager: "yarn" }, /this host supports npm/],
  ])("%j is refused", (options, message) => {
    expect(() => parseOptions(options)).toThrow(message);
  });
});

describe("running a program", () => {
  const request = {
    monitorAddress: "127.0.0.1:1",
    engineAddress: "127.0.0.1:2",
    organization: "organization",
    project: "project",
    stack: "dev",
    rootDirectory: "",
    entryPoint: "index.js",
    dryRun: true,
    parallel: 4,
    options: { typescript: false },
    config: { "project:key": "value", "other:config:key": "old style" },
    configSecretKeys: ["project:key"],
    args: [],
  };

  async function withRunner(code: string) {
    const programDirectory = await mkdtemp(join(folder, "program-"));
    const runner = join(programDirectory, "node_modules/@pulumi/pulumi/cmd/run");
    await mkdir(runner, { recursive: true });
    await writeFile(join(runner, "index.js"), code);
    return { ...request, programDirectory };
  }

  it("hands over addresses, configuration and flags", async () => {
    const run = await withRunner(`
      require("node:fs").writeFileSync(process.argv[process.argv.indexOf("--pwd") + 1] + "/seen.json",
        JSON.stringify({ argv: process.argv.slice(2), config: process.env.PULUMI_CONFIG,
          secrets: process.env.PULUMI_CONFIG_SECRET_KEYS, ts: process.env.PULUMI_NODEJS_TYPESCRIPT }));`);
    expect(await runProgram(run, new AbortController().signal)).toEqual({ error: "", bail: false });
    const { default: seen } = (await import(join(run.programDirectory, "seen.json"), {
      with: { type: "json" },
    })) as {
      default: { argv: string[]; config: string; secrets: string; ts?: string };
    };
    expect(seen.argv.join(" ")).toBe(
      "--monitor 127.0.0.1:1 --engine 127.0.0.1:2 --organization organization --project project " +
        `--stack dev --pwd ${run.programDirectory} --parallel 4 --dry-run index.js`,
    );
    expect(JSON.parse(seen.config)).toEqual({
      "project:config:key": "value",
      "other:config:key": "old style",
    });
    expect(seen).toMatchObject({ secrets: '["project:key"]' });
    expect(seen.ts).toBeUndefined();
  });

  it.each([
    [32, { error: "", bail: true }],
    [3, { error: "Program exited with non-zero exit code: 3", bail: false }],
  ])("reports exit code %i", async (code, result) => {
    const run = await withRunner(`process.exit(${code})`);
    expect(await runProgram(run, new AbortController().signal)).toEqual(result);
  });

  it("says what to do without an SDK", async () => {
    const programDirectory = await mkdtemp(join(tmpdir(), "no-sdk-"));
    const { error } = await runProgram(
      { ...request, programDirectory },
      new AbortController().signal,
    );
    expect(error).toMatch(/npm install/);
    await rm(programDirectory, { recursive: true });
  });

  it("ends the program when the engine cancels", async () => {
    const run = await withRunner("setInterval(() => undefined, 1000)");
    const abort = new AbortController();
    const result = runProgram(run, abort.signal);
    setTimeout(() => abort.abort(), 300);
    expect((await result).error).toMatch(/SIGINT/);
  });
});
