import { expect, it } from "vitest";
import { howToForget, protectedLeft } from "../../infra/protected-volumes.ts";

const volume = (name: string, protect?: boolean) => ({
  ...{ urn: `urn:pulumi:prod::mcp-fleet::docker:index/volume:Volume::${name}`, id: name },
  ...{ type: "docker:index/volume:Volume", ...(protect !== undefined && { protect }) },
});
const [postgres, prometheus, scratch, plain] = [
  volume("postgres-data", true),
  volume("prometheus-data", true),
  volume("scratch", false),
  volume("plain"),
] as const;
const all = [postgres, prometheus, scratch, plain];

it("finds what is protected and would be deleted, and nothing that stays or may go", () => {
  expect(protectedLeft(all, new Set([postgres.urn]))).toEqual([prometheus]);
  expect(protectedLeft(all, new Set(all.map(({ urn }) => urn)))).toEqual([]);
});

it("says the command for each", () => {
  expect(howToForget([postgres, prometheus], "prod").split("\n").slice(1)).toEqual([
    `    pulumi state unprotect '${postgres.urn}' --stack prod --yes`,
    `    pulumi state unprotect '${prometheus.urn}' --stack prod --yes`,
  ]);
});
