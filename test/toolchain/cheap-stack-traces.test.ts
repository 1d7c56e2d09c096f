import { createRequire } from "node:module";
import { inspect } from "node:util";
import { expect, it } from "vitest";

const { withPackage } = createRequire(import.meta.url)(
  "../../toolchain/cheap-stack-traces.cjs",
) as { withPackage: (stack: unknown) => unknown };

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
