import { expect, it } from "vitest";
import { knownIds } from "../../infra/orphans.ts";

it("knows ids, containers of jobs, and what waits for its deletion", () => {
  const known = knownIds([
    { outputs: { release: "r-1" } },
    { id: "c0ffee", outputs: { name: "mcp-fleet-staging-gateway" } },
    { id: "mcp-fleet-staging-migrations-1a2b3c4", outputs: { container: "deadbeef" } },
    { id: "0ddba11" },
  ]);
  expect([...known].sort()).toEqual([
    "0ddba11",
    "c0ffee",
    "deadbeef",
    "mcp-fleet-staging-migrations-1a2b3c4",
  ]);
});

it("takes nothing else for a container", () => {
  expect([...knownIds([{ id: "", outputs: { container: { id: "x" } } }])]).toEqual([]);
});
