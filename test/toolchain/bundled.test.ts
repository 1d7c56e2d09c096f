import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { build } from "esbuild";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { project, scratchProject } from "./scratch-project.ts";

const require = createRequire(import.meta.url);

let root: string;
let bundles: string;

beforeAll(() => {
  root = scratchProject("bundled.cjs", "keep-file.cjs");
  bundles = join(root, ".toolchain", "bundles");
  mkdirSync(join(root, "src", "inner"), { recursive: true });
  symlinkSync(join(project, "node_modules"), join(root, "node_modules"));
  writeFileSync(
    join(root, "src", "main.ts"),
    `import { answer } from "./inner/part.ts";
     import { parse } from "yaml";
     console.log([answer() as number, parse("7"), process.argv.slice(1).join(" ")].join());
     export const late = import("./inner/late.ts");
     void late.then(({ place }) => console.log(place));`,
  );
  writeFileSync(
    join(root, "src", "inner", "late.ts"),
    `export const place: string = import.meta.url;`,
  );
});
beforeEach(() => answer(42));
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** Takes away what earlier runs kept. */
function forget(): void {
  rmSync(join(root, ".toolchain"), { recursive: true, force: true });
}

/** Sees to a bundle of an earlier run. */
function remember(): void {
  if (!existsSync(bundle())) run();
}

function answer(value: number): void {
  writeFileSync(
    join(root, "src", "inner", "part.ts"),
    `export const answer = (): number => ${value};`,
  );
}

const command = () => [join(root, "toolchain", "bundled.cjs"), "src/main.ts", "a", "b c"];
const run = () =>
  execFileSync(process.execPath, command(), {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
  });
const said = (value: number) =>
  `${value},7,${root}/src/main.ts a b c\nfile://${root}/src/inner/late.ts\n`;
const bundle = () => join(bundles, "src-main.cjs");

describe("a bundled entry", () => {
  it("runs as its sources would: arguments, packages, places", () => {
    forget();
    expect(run()).toBe(said(42));
  });

  it("is bundled once, and again for another source", () => {
    run();
    const { ino } = statSync(bundle());
    run();
    expect(statSync(bundle()).ino).toBe(ino);
    answer(43);
    expect(run()).toBe(said(43));
    expect(statSync(bundle()).ino).not.toBe(ino);
  });

  it("is bundled again where the project has moved to", () => {
    remember();
    const moved = `${root}-moved`;
    cpSync(root, moved, { recursive: true, verbatimSymlinks: true });
    rmSync(root, { recursive: true });
    root = moved;
    bundles = join(root, ".toolchain", "bundles");
    expect(run()).toBe(said(42));
  });

  it.each(["cut off", "without its last line", "empty"])(
    "is bundled again when it is %s",
    (how) => {
      remember();
      const whole = readFileSync(bundle(), "utf8");
      const kept = { "cut off": whole.slice(0, -30), empty: "" };
      const damaged =
        how in kept ? kept[how as keyof typeof kept] : whole.replace(/\n[^\n]*\n$/, "");
      writeFileSync(bundle(), damaged);
      expect(run()).toBe(said(42));
      expect(readFileSync(bundle(), "utf8")).toHaveLength(whole.length);
    },
  );

  it("runs where nothing can be written", () => {
    forget();
    writeFileSync(join(root, ".toolchain"), "a file where the folder should be");
    expect([run(), run()]).toEqual([said(42), said(42)]);
  });

  it("is whole for each of several that start at once", async () => {
    forget();
    const starts = Array.from({ length: 4 }, async () => {
      const child = spawn(process.execPath, command(), { stdio: ["ignore", "pipe", "inherit"] });
      let out = "";
      child.stdout.setEncoding("utf8").on("data", (text: string) => (out += text));
      await once(child, "close");
      return out;
    });
    expect(new Set(await Promise.all(starts))).toEqual(new Set([said(42)]));
    expect(readdirSync(bundles).sort()).toEqual(["src-main.cjs", "src-main.cjs.map"]);
  });

  it("says where a source is wrong, and keeps nothing", () => {
    forget();
    writeFileSync(join(root, "src", "inner", "part.ts"), "export const answer = (;");
    expect(run).toThrow(/src\/inner\/part\.ts:1:23: ERROR: /);
    expect(readdirSync(root)).not.toContain(".toolchain");
  });
});

describe("the entries of this project", () => {
  it.each(["infra/index.ts", "infra/cli/main.ts"])(
    "import only packages that a bundle can: %s",
    async (entry) => {
      const { metafile } = await build({
        absWorkingDir: project,
        entryPoints: [entry],
        bundle: true,
        platform: "node",
        format: "cjs",
        packages: "external",
        define: { "import.meta.url": "sourceUrl" },
        metafile: true,
        write: false,
        logLevel: "silent",
      });
      const imported = Object.values(metafile.inputs).flatMap(({ imports }) =>
        imports.flatMap(({ external, kind, path }) =>
          external && kind === "import-statement" ? [path] : [],
        ),
      );
      expect(imported).toContain("@pulumi/pulumi");
      // `require` finds no package that is an ES module alone.
      const missing = [...new Set(imported)].filter((path) => {
        try {
          return require.resolve(path) === "";
        } catch {
          return true;
        }
      });
      expect(missing).toEqual([]);
    },
  );
});
