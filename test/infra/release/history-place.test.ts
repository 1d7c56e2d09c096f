import { writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { historyDirectory } from "../../../infra/release/history-place.ts";
import { scratchFolder } from "./scratch.ts";

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
])("is %s", (_, env, expected) => {
  expect(historyDirectory("fleet", "staging", { env })).toBe(expected);
});

it("is beside the state that Pulumi.yaml names, for everyone who works with it", () => {
  const root = scratchFolder();
  writeFileSync(join(root, "Pulumi.yaml"), "name: fleet\nbackend:\n  url: file:///srv/shared\n");
  expect(historyDirectory("fleet", "staging", { env: {}, root })).toBe(
    "/srv/shared/.pulumi/mcp-fleet/fleet/staging",
  );
});
