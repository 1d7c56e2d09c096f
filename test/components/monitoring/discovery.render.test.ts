import { describe, expect, it } from "vitest";
import { gatewayTarget, type ScrapeTarget } from "../../../components/monitoring/scrape-target.ts";
import { config, input, scene } from "./prometheus-input.ts";
import { relabelled, type Step } from "./relabelled.ts";

describe("copies that are found", () => {
  const labels = { "mcp-fleet/stack": "prod", "mcp-fleet/component": "scene" };
  const domain = "scene-0a1b2c3.fleet.svc.cluster.local";
  const jobOf = (target: ScrapeTarget) => {
    const [job] = config(input({ targets: [target] })).scrape_configs.filter(
      ({ job_name }) => job_name === target.job,
    ) as unknown as [Discovered];
    return job;
  };
  const named = jobOf({
    ...scene,
    address: { discovery: { labels, domain }, expected: [`scene-0a1b2c3-0.${domain}`] },
  });
  const nameless = jobOf(gatewayTarget({ discovery: { labels }, expected: [] }));

  it("are those of its own namespace with these labels", () => {
    expect(named.kubernetes_sd_configs).toEqual([
      {
        role: "pod",
        namespaces: { own_namespace: true },
        selectors: [{ role: "pod", label: "mcp-fleet/component=scene,mcp-fleet/stack=prod" }],
      },
    ]);
  });

  it("have the labels of one that is named, and its name, wherever they come from", () => {
    const expected = {
      __address__: `scene-0a1b2c3-0.${domain}:9464`,
      ...scene.labels,
    };
    const pod = { __address__: "10.0.0.7", ...pods("name", "scene-0a1b2c3-0") };
    expect(relabelled(named.relabel_configs, { ...pod, ...pods("phase", "Running") })).toEqual(
      expected,
    );
    const [{ targets }] = named.static_configs as [{ targets: string[] }];
    expect(targets).toEqual([`scene-0a1b2c3-0.${domain}:9464`]);
    expect(relabelled(named.relabel_configs, { __address__: targets[0]! })).toEqual(expected);
    // The same as without discovery.
    expect(config().scrape_configs.find(({ job_name }) => job_name === "scene")).toMatchObject({
      static_configs: [{ labels: scene.labels }],
    });
  });

  it.each([
    ["10.0.0.7", "10.0.0.7:8405"],
    ["fd00::7", "[fd00::7]:8405"],
  ])("are called at %s where they have no names", (ip, address) => {
    expect(nameless).not.toHaveProperty("static_configs");
    expect(relabelled(nameless.relabel_configs, { __address__: ip, ...pods("ip", ip) })).toEqual({
      __address__: address,
      service: "gateway",
      component: "gateway",
      critical: "true",
    });
  });

  it("are no targets once they have ended", () => {
    for (const phase of ["Failed", "Succeeded"]) {
      expect(relabelled(nameless.relabel_configs, pods("phase", phase))).toBeUndefined();
    }
  });
});

interface Discovered {
  readonly static_configs?: unknown;
  readonly kubernetes_sd_configs: unknown;
  readonly relabel_configs: readonly Step[];
}

function pods(label: string, value: string): Record<string, string> {
  return { [`__meta_kubernetes_pod_${label}`]: value };
}
