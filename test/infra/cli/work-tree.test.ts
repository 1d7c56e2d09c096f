import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { workTree } from "../../../infra/cli/work-tree.ts";
import { scratchFolder } from "../release/scratch.ts";

it("knows the commit, and whether a tracked file differs from it", async () => {
  const folder = scratchFolder();
  const identity = ["-c", "user.name=ann", "-c", "user.email=ann@example.com"];
  const git = (...args: string[]) =>
    execFileSync("git", [...identity, ...args], { cwd: folder, encoding: "utf8" }).trim();
  git("init", "--quiet");
  writeFileSync(join(folder, "fleet.yaml"), "name: a\n");
  git("add", "fleet.yaml");
  git("commit", "--quiet", "--message", "a");
  const sha = git("rev-parse", "HEAD");

  expect(await workTree(folder)).toEqual({ sha, dirty: false });
  writeFileSync(join(folder, "notes.txt"), "not part of it\n");
  expect(await workTree(folder)).toEqual({ sha, dirty: false });
  writeFileSync(join(folder, "fleet.yaml"), "name: b\n");
  expect(await workTree(folder)).toEqual({ sha, dirty: true });
});

it("is null outside of one", async () => {
  expect(await workTree(scratchFolder())).toBeNull();
  expect(await workTree("/nowhere/at/all")).toBeNull();
});
