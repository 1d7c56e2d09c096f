import { describe, expect, it } from "vitest";
import { withCopies } from "../../../components/health/copies.ts";
import { askMetrics } from "../../../components/health/probes/metrics.ts";
import { readPolicy, type HealthPolicy } from "../../../components/health/policy.schema.ts";
import { fillQuery } from "../../../components/health/template.ts";
import { serverTriggers } from "../../../components/health/triggers.ts";

const scene = { component: "scene", workload: "scene-1", address: "scene-1" };

function policyOf(target: object): HealthPolicy {
  return withCopies(
    readPolicy({
      version: 1,
      mode: { kind: "gate" },
      baseline: "excuse",
      targets: { scene: target },
      probes: [
        { kind: "state", name: "scene/started", subject: "scene" },
        { kind: "http", name: "scene/ready", subject: "scene", port: 1, path: "/" },
        { kind: "state", name: "scene/steady", subject: "scene", after: ["scene/ready"] },
      ],
    }),
  );
}

const askedAt = ({ probes, targets }: HealthPolicy) =>
  probes.map(({ name, at, after }) => [name, targets[at ?? "scene"]!.workload, ...after]);

describe("copies of a target", () => {
  it("are asked each by itself, and together by what the platform says of them", () => {
    expect(askedAt(policyOf({ ...scene, endpoints: ["s-0", "s-1"] }))).toEqual([
      ["scene/started", "scene-1"],
      ["scene/ready-copy-0", "s-0"],
      ["scene/ready-copy-1", "s-1"],
      ["scene/steady", "scene-1", "scene/ready-copy-0", "scene/ready-copy-1"],
    ]);
  });

  it.each([
    ["one", ["s-0"]],
    ["several", ["s-0", "s-1"]],
  ])("are asked only where they have to be there: %s", (_, endpoints) => {
    const policy = policyOf({ ...scene, endpoints, elastic: ["s-8", "s-9"] });
    expect(askedAt(policy)).toEqual([
      ...endpoints.map((host, copy) => [`scene/started-copy-${copy}`, host]),
      ...endpoints.map((host, copy) => [`scene/ready-copy-${copy}`, host]),
      ...endpoints.map((host, copy) => [
        `scene/steady-copy-${copy}`,
        host,
        `scene/ready-copy-${copy}`,
      ]),
    ]);
    // What lies in the state is read again by the next release.
    expect(readPolicy(JSON.parse(JSON.stringify(policy)))).toEqual(policy);
  });

  it("are asked for metrics where they have to be there, and recognised wherever they are", async () => {
    const target = { ...scene, endpoints: ["s-0", "s-1"], elastic: ["s-8"] };
    const [probe] = readPolicy({
      ...policyOf(scene),
      probes: serverTriggers(
        "scene",
        { errorRatio: 0.1, p95Ms: 1000, minCalls: 20 },
        { metricsPort: 9464, scrapeIntervalSeconds: 15 },
      ),
    }).probes;
    const asked: string[] = [];
    await askMetrics(
      probe as Parameters<typeof askMetrics>[0],
      {
        target: () => target,
        targets: { scene: target },
        clock: { now: () => 0 },
        memory: new Map(),
        shared: {
          get: (key: string) => {
            asked.push(key);
            return Promise.resolve({ status: 200, body: "" });
          },
        },
      } as unknown as Parameters<typeof askMetrics>[1],
    );
    expect(asked).toEqual(["s-0:9464/metrics", "s-1:9464/metrics"]);
    expect(fillQuery('up{instance=~"{{instance}}"}', "scene", target)).toBe(
      'up{instance=~"s-0:9464|s-1:9464|s-8:9464"}',
    );
  });
});
