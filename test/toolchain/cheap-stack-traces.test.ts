import { createRequire } from "node:module";
import { spawnSync } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { inspect } from "node:util";
import { expect, it } from "vitest";
import { project, scratchProject } from "./scratch-project.ts";

const require = createRequire(import.meta.url);
const { withPackage } = require("../../toolchain/cheap-stack-traces.cjs") as {
  withPackage: (stack: unknown) => unknown;
};

it("lets Node colour a file of the SDK, whose source map leaves its package out", () => {
  const error = new TypeError("not a function");
  const frames = [
    "TypeError: not a function",
    "    at Config.require (/srv/fleet/node_modules/@pulumi/config.ts:301:19)",
    "    at load (/srv/fleet/node_modules/zod/v4/core/parse.js:7:1)",
    "    at main (/srv/fleet/infra/index.ts:30:3)",
  ];
  error.stack = withPackage(frames.join("\n")) as string;
  const shown = inspect(error, { colors: true });
  expect(shown).toContain("/config.ts:301:19");
  expect(shown).toContain("infra/index.ts:30:3");
  expect(error.stack.split("\n").slice(2)).toEqual(frames.slice(2));
});

it.each(["cmd/run", "cmd/run/index.js"])("survives the start of the SDK's %s", (start) => {
  const scratch = scratchProject();
  const look = join(scratch, "look.cjs");
  writeFileSync(
    look,
    `process.on("exit", () => console.log([new Error(), new Error("why")].map(({ stack }) => stack.split("\\n").length > 1).join()));`,
  );
  const preload = join(project, "toolchain", "cheap-stack-traces.cjs");
  const program = join(project, "node_modules/@pulumi/pulumi", start);
  const { stdout } = spawnSync(
    process.execPath,
    ["--require", preload, "--require", look, program],
    {
      encoding: "utf8",
    },
  );
  rmSync(scratch, { recursive: true });
  expect(stdout.trim().split("\n").at(-1)).toBe("false,true");
});
