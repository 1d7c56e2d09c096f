import { expect, it } from "vitest";
import { foreignObjection, knownIds } from "../../../../infra/platforms/docker/orphans.ts";

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

it("says what to do about a stack of the same name that another state has", () => {
  expect(foreignObjection("staging", [])).toBeUndefined();
  const object = { kind: "container", id: "c0ffee", name: "gateway-1", lineage: "l-2" } as const;
  expect(foreignObjection("staging", [object, { ...object, id: "0ddba11" }])).toBe(
    `another state has a stack staging on this Docker engine: 2 object(s) that this state does not know, such as container gateway-1
  to change that one, use its state: log in to its backend, or set PULUMI_BACKEND_URL
  to have one beside it, use another stack name and other ports
  if its state is lost, remove its objects (data volumes stay):
    docker rm --force $(docker ps --all --quiet --filter label=mcp-fleet/lineage=l-2)
    docker network rm $(docker network ls --quiet --filter label=mcp-fleet/lineage=l-2)
    docker volume rm $(docker volume ls --quiet --filter label=mcp-fleet/lineage=l-2 | grep -E -- '-[0-9a-f]{8}$')`,
  );
});
