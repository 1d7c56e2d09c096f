import { expect, it } from "vitest";
import { readPolicy } from "../../../components/health/policy.schema.ts";
import { withoutLatencyOf } from "../../../components/health/unchanged.ts";
import { serverTriggers } from "../../../components/health/triggers.ts";

const options = { metricsPort: 9464, scrapeIntervalSeconds: 15 };
const numbers = { errorRatio: 0.1, p95Ms: 1000, minCalls: 20 };
const calls = (subject: string) => ({
  ...{ kind: "mcp", name: `${subject}/calls`, subject, port: 3001, maxCallMs: 1500 },
});
const policy = readPolicy({
  version: 1,
  baseline: "excuse",
  mode: { kind: "watch", seconds: 10 },
  targets: {},
  probes: ["scene", "review"].flatMap((server) => [
    calls(server),
    ...serverTriggers(server, numbers, options),
  ]),
});

it("asks servers that a release has not touched whether they work, not how quickly", () => {
  const { probes, ...rest } = withoutLatencyOf(policy, new Set(["review"]));
  const { probes: all, ...before } = policy;
  expect(rest).toEqual(before);
  expect(probes.filter(({ subject }) => subject === "scene")).toEqual(
    all.filter(({ subject }) => subject === "scene"),
  );
  const review = probes.filter(({ subject }) => subject === "review");
  expect(review.map(({ name }) => name)).toEqual([
    "review/calls",
    "review/error-ratio",
    "review/error-ratio-recorded",
  ]);
  expect(review[0]).not.toHaveProperty("maxCallMs");
  expect(withoutLatencyOf(policy, new Set())).toEqual(policy);
});
