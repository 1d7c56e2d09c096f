import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { programHash } from "../../infra/program-hash.ts";
import { scratchFolder } from "./release/scratch.ts";

const sources = { "components/a.ts": "1", "components/deep/b.ts": "2", "infra/index.ts": "3" };

function program(files: Readonly<Record<string, string>> = sources): string {
  const root = scratchFolder();
  mkdirSync(join(root, "components"));
  mkdirSync(join(root, "infra"));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return root;
}

describe("programHash", () => {
  it("is the same for the same sources, wherever they lie", () => {
    expect(programHash(program())).toBe(programHash(program()));
    expect(programHash(program())).toMatch(/^[0-9a-f]{64}$/);
  });

  it.each<[string, (root: string) => void]>([
    ["another line", (root) => writeFileSync(join(root, "components/deep/b.ts"), "2\n")],
    ["another file", (root) => writeFileSync(join(root, "infra/new.ts"), "")],
    ["a file less", (root) => rmSync(join(root, "components/a.ts"))],
    [
      "another name",
      (root) => renameSync(join(root, "components/a.ts"), join(root, "components/z.ts")),
    ],
    [
      "text moved from one file to the next",
      (root) => {
        writeFileSync(join(root, "components/a.ts"), "12");
        writeFileSync(join(root, "components/deep/b.ts"), "");
      },
    ],
  ])("changes with %s", (_, edit) => {
    const root = program();
    const before = programHash(root);
    edit(root);
    expect(programHash(root)).not.toBe(before);
  });

  it.each([
    "infra/cli/main.ts",
    "infra/health/a.ts",
    "infra/release/lease.ts",
    "infra/a.json",
    "test/a.ts",
  ])("does not change with %s", (path) => {
    expect(programHash(program({ ...sources, [path]: "x" }))).toBe(programHash(program()));
  });
});
