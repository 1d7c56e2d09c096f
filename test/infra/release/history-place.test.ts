import { mkdirSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { backendDirectory, historyDirectory } from "../../../infra/release/history-place.ts";
import { scratchFolder } from "./scratch.ts";

/** A home of the CLI that is logged in to a backend. */
function loggedIn(credentials: string): string {
  const home = join(scratchFolder(), "home");
  mkdirSync(home);
  writeFileSync(join(home, "credentials.json"), credentials);
  return home;
}

describe("backendDirectory", () => {
  it.each([
    ["file:///srv/state", "/srv/state"],
    ["file:///srv/state?no_tmp_dir=true", "/srv/state"],
    ["file:///srv/with%20space", "/srv/with space"],
    ["file://~", homedir()],
    ["file://~/state", join(homedir(), "state")],
    ["https://api.pulumi.com", undefined],
    ["s3://bucket", undefined],
  ])("%s", (url, expected) => {
    expect(backendDirectory({ PULUMI_BACKEND_URL: url })).toBe(expected);
  });

  it("is that of the login where the environment names none", () => {
    const home = loggedIn('{"current":"file:///srv/state"}');
    expect(backendDirectory({ PULUMI_HOME: home })).toBe("/srv/state");
    expect(backendDirectory({ PULUMI_CREDENTIALS_PATH: home })).toBe("/srv/state");
    expect(backendDirectory({ PULUMI_HOME: home, PULUMI_BACKEND_URL: "s3://b" })).toBeUndefined();
  });

  it.each(['{"current":"https://api.pulumi.com"}', "{}", "not json"])("is none: %s", (text) => {
    expect(backendDirectory({ PULUMI_HOME: loggedIn(text) })).toBeUndefined();
  });

  it("is none without a login", () => {
    expect(backendDirectory({ PULUMI_HOME: scratchFolder() })).toBeUndefined();
  });
});

describe("historyDirectory", () => {
  it.each<[string, NodeJS.ProcessEnv, string]>([
    [
      "what is given, before everything else",
      { MCP_FLEET_HISTORY: "/audit", PULUMI_BACKEND_URL: "file:///srv/state" },
      "/audit/fleet/staging",
    ],
    [
      "beside the state",
      { PULUMI_BACKEND_URL: "file:///srv/state" },
      "/srv/state/.pulumi/mcp-fleet/fleet/staging",
    ],
    [
      "the user's data folder for any other backend",
      { PULUMI_BACKEND_URL: "s3://bucket", XDG_DATA_HOME: "/home/ann/data" },
      "/home/ann/data/mcp-fleet/fleet/staging",
    ],
    [
      "its default place",
      { PULUMI_BACKEND_URL: "s3://bucket" },
      join(homedir(), ".local", "share", "mcp-fleet", "fleet", "staging"),
    ],
  ])("%s", (_, env, expected) => {
    expect(historyDirectory("fleet", "staging", env)).toBe(expected);
  });
});
