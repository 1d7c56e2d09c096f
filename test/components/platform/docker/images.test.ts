import { mkdirSync, mkdtempSync, renameSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { contentTag } from "../../../../components/platform/docker/images.ts";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "mcp-fleet-context-"));
  mkdirSync(join(directory, "conf"));
  writeFileSync(join(directory, "Dockerfile"), "FROM base\n");
  writeFileSync(join(directory, "conf", "a"), "one");
});
afterEach(() => rmSync(directory, { recursive: true }));

const tag = (base = "debian:trixie-slim") => contentTag(directory, base);

it("is 16 hex digits and stays while nothing changes", () => {
  const before = tag();
  expect(before).toMatch(/^[0-9a-f]{16}$/);
  utimesSync(join(directory, "conf", "a"), new Date(0), new Date(0));
  expect(tag()).toBe(before);
});

it("does not depend on where the files lie", () => {
  const before = tag();
  const elsewhere = `${directory}-moved`;
  renameSync(directory, elsewhere);
  directory = elsewhere;
  expect(tag()).toBe(before);
});

it("changes with content, file name and base", () => {
  const before = tag();
  const seen = new Set([before, tag("debian:bookworm-slim")]);
  writeFileSync(join(directory, "conf", "a"), "two");
  seen.add(tag());
  renameSync(join(directory, "conf", "a"), join(directory, "conf", "b"));
  seen.add(tag());
  writeFileSync(join(directory, "empty"), "");
  seen.add(tag());
  expect(seen.size).toBe(5);
});

it("does not take the end of one file for the start of the next", () => {
  writeFileSync(join(directory, "conf", "a"), "12");
  writeFileSync(join(directory, "conf", "b"), "3");
  const before = tag();
  writeFileSync(join(directory, "conf", "a"), "1");
  writeFileSync(join(directory, "conf", "b"), "23");
  expect(tag()).not.toBe(before);
});
