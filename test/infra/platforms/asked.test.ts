import { expect, it } from "vitest";
import { kubernetesSchema } from "../../../components/platform/kubernetes/kubernetes.schema.ts";
import { askedOfPlatform, showsDashboards } from "../../../infra/platforms/asked.ts";

const on = (settings: object, platform: "docker" | "kubernetes" = "kubernetes") => ({
  platform,
  kubernetes: kubernetesSchema.parse(settings),
});

it("is part of a release whatever it is, but for the way to the cluster", () => {
  const asked = askedOfPlatform(on({ replicas: 3 }));
  expect(asked).toMatchObject({ kubernetes: { replicas: 3 } });
  expect(askedOfPlatform(on({ replicas: 4 }))).not.toEqual(asked);
  expect(askedOfPlatform(on({ replicas: 3, context: "a", kubeconfig: "/b" }))).toEqual(asked);
  expect(askedOfPlatform(on({ replicas: 3 }, "docker"))).toEqual({});
});

it.each([
  [{}, "kubernetes", true, true],
  [{}, "kubernetes", false, false],
  [{ monitoring: { dashboards: {} } }, "kubernetes", false, true],
  [{ monitoring: { dashboards: {} } }, "docker", false, false],
] as const)("%j on %s, with Grafana %s: dashboards %s", (settings, platform, grafana, shows) => {
  expect(showsDashboards(on(settings, platform), grafana)).toBe(shows);
});
