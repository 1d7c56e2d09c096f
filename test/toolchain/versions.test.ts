import fc from "fast-check";
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import {
  BASE_IMAGE,
  BASE_SUITE,
  BUILT_BASE_IMAGE,
  isAtLeast,
  PULUMI_VERSION,
} from "../../toolchain/versions.ts";

describe("versions", () => {
  it.each([
    ["3.238.0", "3.238.0", true],
    ["v3.250.0", "3.238.0", true],
    ["3.99.0", "3.238.0", false],
    ["go1.26.8", "1.26.0", true],
    ["go1.25", "1.26.0", false],
    ["1.41", "1.41", true],
    ["1.9", "1.41", false],
    ["20.10.24+dfsg1", "20.10", true],
    ["unknown", "1", false],
    ["", "1", false],
  ])("%s is at least %s: %s", (version, minimum, expected) => {
    expect(isAtLeast(version, minimum)).toBe(expected);
  });

  it("orders any two versions one way or the other", () => {
    const part = fc.nat(500);
    fc.assert(
      fc.property(fc.tuple(part, part, part), fc.tuple(part, part, part), (a, b) => {
        const [x, y] = [a.join("."), b.join(".")];
        return x === y ? isAtLeast(x, y) && isAtLeast(y, x) : isAtLeast(x, y) !== isAtLeast(y, x);
      }),
    );
  });

  it("pins the Pulumi that is built, and the launcher that fetches it by its version", () => {
    const read = (name: string): string =>
      readFileSync(new URL(`../../toolchain/pulumi/${name}`, import.meta.url), "utf8");
    expect(read("go.mod")).toContain(`github.com/pulumi/pulumi/pkg/v3 v${PULUMI_VERSION}`);
    const { dependencies } = JSON.parse(read("package.json")) as {
      dependencies: { pulumi: string };
    };
    expect(dependencies.pulumi).toMatch(/^\d+\.\d+\.\d+$/);
    expect(JSON.parse(read("package-lock.json"))).toMatchObject({
      packages: { "node_modules/pulumi": { version: dependencies.pulumi } },
    });
  });

  it("builds the suite that the official base has", () => {
    expect(BASE_IMAGE).toContain(BASE_SUITE);
    expect(BUILT_BASE_IMAGE).toContain(BASE_SUITE);
  });
});
