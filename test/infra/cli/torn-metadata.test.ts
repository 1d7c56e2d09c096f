import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { removeTornMetadata } from "../../../infra/cli/torn-metadata.ts";

let root: string;
let stacks: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "mcp-fleet-torn-"));
  stacks = join(root, ".pulumi", "stacks", "mcp-fleet");
  mkdirSync(stacks, { recursive: true });
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

describe("half-written side files of the state", () => {
  it("removes the empty and the cut-off, and nothing else", () => {
    const file = (name: string, text: string) => {
      writeFileSync(join(stacks, name), text);
      return join(stacks, name);
    };
    const empty = file("a.json.attrs", "");
    const cut = file("b.json.attrs", '{"user.content_type":"appl');
    const whole = file("c.json.attrs", '{"user.content_type":"application/json"}');
    const state = file("a.json", "");
    expect(removeTornMetadata(`file://${root}`).sort()).toEqual([empty, cut].sort());
    expect([empty, cut, whole, state].map((path) => existsSync(path))).toEqual([
      false,
      false,
      true,
      true,
    ]);
  });

  it("ignores parameters of the URL", () => {
    writeFileSync(join(stacks, "a.json.attrs"), "");
    expect(removeTornMetadata(`file://${root}?no_tmp_dir=true`)).toHaveLength(1);
  });

  it("leaves backends alone that are no directory here", () => {
    expect(removeTornMetadata("s3://bucket")).toEqual([]);
    expect(removeTornMetadata(`file://${root}/missing`)).toEqual([]);
  });
});
