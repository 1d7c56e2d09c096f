import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";

const GO = join(import.meta.dirname, "../../toolchain/kubernetes/go");

test("the Go sources are formatted, and the rules of policies are what policies say", () => {
  expect(execFileSync("gofmt", ["-l", "."], { cwd: GO, encoding: "utf8" })).toBe("");
  // With the flags that the programs are built with, what they share is not compiled again; `vet` would look at a
  // thousand packages that are not ours.
  execFileSync("go", ["test", "-vet=off", "-mod=readonly", "-trimpath", "./policies"], {
    cwd: join(GO, "core"),
    stdio: "pipe",
    env: { ...process.env, CGO_ENABLED: "0", GOWORK: "off" },
  });
});
