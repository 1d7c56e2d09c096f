import { describe, expect, it } from "vitest";
import { list } from "../../../../components/platform/kubernetes/fake-cluster.ts";
import { said } from "./fit-cluster.ts";

const ranges = "GET /api/v1/namespaces/fleet/limitranges";
const of = (rule: object) => ({
  [ranges]: list({ metadata: { name: "bounds" }, spec: { limits: [rule] } }),
});
const where = "LimitRange bounds of namespace fleet, ";

describe("a limit range", () => {
  it("that bears the fleet is none, and neither are defaults", async () => {
    const rule = {
      ...{
        type: "Container",
        min: { cpu: "10m", memory: "32Mi" },
        max: { cpu: "4", memory: "4Gi" },
      },
      ...{ default: { cpu: "1" }, maxLimitRequestRatio: { cpu: "10", memory: "1" } },
    };
    expect(await said(of(rule))).toBeUndefined();
  });

  it.each<[object, string | RegExp]>([
    [
      { type: "Container", max: { memory: "384Mi" } },
      /max memory of a Container: got 384Mi; limits.memory are postgres \d+[MG]i.*; raise it, or lower postgres.memoryMb/,
    ],
    [
      { type: "Pod", max: { cpu: "1500m" } },
      /max cpu of a Pod: got 1500m; limits.cpu are postgres 2, gateway 2; raise it, or lower postgres.cpus, gateway.cpus$/,
    ],
    [
      { type: "Container", min: { cpu: "60m" } },
      /min cpu of a Container: got 60m; requests.cpu are .*postgres-exporter 50m.*; lower it, or raise mcp-fleet:kubernetes.cpuRequestPercent$/,
    ],

    [
      { type: "Container", min: { memory: "100Mi" } },
      /requests.memory are pgbouncer 64Mi, .*; lower it, or raise pgbouncer.memoryMb, /,
    ],
    // Nobody is sent for a setting that is not there.
    [
      { type: "Container", max: { memory: "128Mi" } },
      /migrations 192Mi.*; raise it: not all of these have a setting$/,
    ],
    [
      { type: "Pod", max: { cpu: "400m" } },
      /postgres-exporter 500m.*migrations 1, gateway-trial 1; raise it: not all of these have a setting$/,
    ],
    [
      { type: "Container", maxLimitRequestRatio: { cpu: "4" } },
      "maxLimitRequestRatio cpu of a Container: got 4; limits are 10 times the requests; set mcp-fleet:kubernetes.cpuRequestPercent to 25 or more",
    ],
    [
      { type: "PersistentVolumeClaim", max: { storage: "15Gi" } },
      "max storage of a PersistentVolumeClaim: got 15Gi; the fleet asks for postgres 20Gi; lower mcp-fleet:kubernetes.storage.postgresGi",
    ],
    [
      { type: "PersistentVolumeClaim", min: { storage: "15Gi" } },
      "got 15Gi; the fleet asks for prometheus 10Gi, alertmanager 10Gi; raise mcp-fleet:kubernetes.storage.monitoringGi",
    ],
  ])("%j", async (rule, words) => {
    const objection = await said(of(rule));
    expect(objection).toContain("has 1 problem(s)");
    expect(objection).toContain(where);
    expect(objection).toMatch(words);
  });
});
