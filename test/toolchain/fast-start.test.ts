import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { project, scratchProject } from "./scratch-project.ts";

const toolchain = join(project, "toolchain");
const require = createRequire(import.meta.url);
const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
/** From here on Node.js keeps compiled code itself. */
const hasOwn = major > 22 || (major === 22 && minor >= 8);

let root: string;
let cache: string;

beforeEach(() => {
  root = scratchProject("compile-cache.cjs", "keep-file.cjs");
  cache = join(root, ".toolchain", "compile-cache");
  writeFileSync(
    join(root, "main.js"),
    `const part = require("./part");
     const found = require.resolve("./part") === __dirname + "/part.js" && require.main === module;
     console.log([part.answer(), found, __filename.endsWith("main.js"), this === exports].join());`,
  );
  answer(42);
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function answer(value: number): void {
  writeFileSync(join(root, "part.js"), `exports.answer = () => ${value};`);
}

/** What the program prints, started with the cache. */
function run(script = "main.js"): string {
  const preload = join(root, "toolchain", "compile-cache.cjs");
  return execFileSync(process.execPath, ["--require", preload, join(root, script)], {
    encoding: "utf8",
  }).trim();
}

describe.skipIf(hasOwn)("kept code", () => {
  it("changes nothing of what a program sees", () => {
    expect([run(), run()]).toEqual(["42,true,true,true", "42,true,true,true"]);
  });

  it("is written once, and used from then on", () => {
    run();
    const [file] = readdirSync(cache);
    const first = readFileSync(join(cache, file!));
    run();
    expect(readdirSync(cache)).toEqual([file]);
    expect(readFileSync(join(cache, file!)).equals(first)).toBe(true);
  });

  it("is not used for another text of the same length", () => {
    run();
    answer(43);
    expect([run(), run()]).toEqual(["43,true,true,true", "43,true,true,true"]);
  });

  it.each(["cut off", "changed"])("is ignored when it is %s", (how) => {
    run();
    const file = join(cache, readdirSync(cache)[0]!);
    const whole = readFileSync(file);
    if (how === "cut off") writeFileSync(file, whole.subarray(0, whole.length - 100));
    else writeFileSync(file, whole.fill(0, whole.length - 100));
    expect(run()).toBe("42,true,true,true");
  });

  it("leaves modules alone that import others when they run", () => {
    writeFileSync(join(root, "part.mjs"), "export default 7;");
    writeFileSync(
      join(root, "late.js"),
      `Function("return import('" + require("node:url").pathToFileURL(__dirname + "/part.mjs") + "')")()
         .then((part) => console.log(part.default));`,
    );
    expect([run("late.js"), run("late.js")]).toEqual(["7", "7"]);
  });
});

describe("parts of packages that are put off", () => {
  /** What one program sees that loads the packages, then uses two of the parts. */
  const program = `
    const loaded = (name) => Object.keys(require.cache).some((file) => file.includes("/node_modules/" + name + "/"));
    const both = () => [loaded("typescript"), loaded("@npmcli/arborist")];
    const { runtime } = require("@pulumi/pulumi");
    const span = require("@pulumi/pulumi/cmd/run/tracing").newSpan("program");
    for (const call of ["setAttribute", "addEvent", "end"]) span[call]("any", "thing");
    require("dockerode");
    const before = [...both(), loaded("@opentelemetry/exporter-zipkin"), loaded("@grpc/proto-loader")];
    const shim = require("@pulumi/pulumi/typescript-shim");
    const compiler = [shim.version === require("typescript").version, "createSourceFile" in shim];
    const promised = runtime.computeCodePaths() instanceof Promise;
    console.log(JSON.stringify({ before, compiler, promised, after: both() }));`;
  let seen: Record<"before" | "compiler" | "promised" | "after", unknown>;
  beforeAll(() => {
    const preload = ["--require", join(toolchain, "lazy-parts.cjs")];
    const printed = execFileSync(process.execPath, [...preload, "--eval", program], {
      encoding: "utf8",
      cwd: project,
    });
    seen = JSON.parse(printed) as typeof seen;
  });

  it("are not loaded with it", () => {
    expect(seen.before).toEqual([false, false, false, false]);
  });

  it("are loaded when they are used", () => {
    expect(seen).toMatchObject({ compiler: [true, true], promised: true, after: [true, true] });
  });

  it.each([
    ["runtime/closure/codePaths.js", ["computeCodePaths", "findWorkspaceRoot"]],
    ["runtime/closure/v8Hooks.js", ["getScriptUrl", "getSessionAsync", "isInitializedAsync"]],
    ["cmd/run/tracing.js", ["newSpan", "start", "stop"]],
  ])("are replaced whole: the SDK's %s exports nothing else", (file, names) => {
    const source = readFileSync(require.resolve(`@pulumi/pulumi/${file}`), "utf8");
    const exported = [...source.matchAll(/^exports\.(\w+) = /gm)].map(([, name]) => name!);
    expect([...new Set(exported)].sort()).toEqual(names);
  });

  it("call what they stand for: a debugger session, and dockerode's session", () => {
    const uses = `
      require("@pulumi/pulumi/runtime/closure/v8Hooks").getSessionAsync().then((session) => {
        const dial = (options, done) => done(new Error("no engine"));
        require("dockerode/lib/session")({ modem: { dial } }, undefined, (error) => {
          console.log(typeof session.post, error.message);
          process.exit();
        });
      });`;
    const preload = ["--require", join(toolchain, "lazy-parts.cjs")];
    const printed = execFileSync(process.execPath, [...preload, "--eval", uses], { cwd: project });
    expect(printed.toString().trim()).toBe("function no engine");
  });
});
