import { expect, it } from "vitest";
import {
  chartValues,
  type LivePolicy,
  type LiveSet,
} from "../../../../bench/release/helm/values.ts";

const labels = {
  "mcp-fleet/component": "scene",
  "mcp-fleet/stack": "k8s",
  "mcp-fleet/calls-data": "yes",
  "mcp-fleet/serves-mcp": "yes",
};
const env: readonly { readonly name: string; readonly value?: string }[] = [
  { name: "PORT", value: "3005" },
  { name: "DATABASE_HOST", value: "pgbouncer" },
  { name: "EMPTY" },
];
const probe = { httpGet: { path: "/ready", port: 3005 }, periodSeconds: 5 };
const volumes = [{ name: "mount-0", secret: { secretName: "scene-secrets-1a2b3c4" } }];
const security = { runAsNonRoot: true };

const container = (more: object = {}) => ({
  ...{ name: "scene", image: "registry/mcp-server:1", env, readinessProbe: probe },
  ...more,
});
function liveSet(pod: object = {}, name = "scene-1a2b3c4"): LiveSet {
  return {
    metadata: { name, labels },
    spec: {
      replicas: 2,
      template: {
        metadata: { labels },
        spec: {
          ...{ securityContext: security, volumes, containers: [container()] },
          topologySpreadConstraints: [
            { maxSkew: 1, topologyKey: "zone", labelSelector: { matchLabels: labels } },
          ],
          ...pod,
        },
      },
    },
  };
}
const egress = [{ ports: [{ port: 6432 }] }];
const policy: LivePolicy = { metadata: { name: "scene-1a2b3c4" }, spec: { egress } };

it("takes over all of a pod but what ties it to the stack", () => {
  expect(chartValues(["scene"], [liveSet()], [policy])).toEqual({
    servers: {
      scene: {
        image: "registry/mcp-server:1",
        env: { PORT: "3005", DATABASE_HOST: "pgbouncer", EMPTY: "" },
        port: 3005,
        replicas: 2,
        podLabels: { "mcp-fleet/calls-data": "yes" },
        egress,
        spread: [{ maxSkew: 1, topologyKey: "zone" }],
        pod: { securityContext: security, volumes },
        container: { name: "scene", readinessProbe: probe },
      },
    },
  });
});

it("leaves out what is no server", () => {
  const other: LiveSet = { ...liveSet(), metadata: { name: "postgres", labels: {} } };
  const { servers } = chartValues(["scene"], [other, liveSet()], [policy]);
  expect(Object.keys(servers)).toEqual(["scene"]);
});

it.each<[string, readonly LiveSet[], RegExp]>([
  ["none", [], /scene: it has no StatefulSet/],
  ["two sets", [liveSet(), liveSet({}, "scene-5d6e7f8")], /scene-1a2b3c4, scene-5d6e7f8; wait/],
  ["no policy", [liveSet({}, "scene-5d6e7f8")], /no NetworkPolicy scene-5d6e7f8/],
  ["two containers", [liveSet({ containers: [container(), container()] })], /2 containers/],
  [
    "a reference",
    [liveSet({ containers: [container({ env: [{ name: "KEY", valueFrom: {} }] })] })],
    /KEY of its environment/,
  ],
  ["no port", [liveSet({ containers: [container({ env: [] })] })], /got PORT= /],
])("says what a server with %s lacks", (_what, sets, said) => {
  expect(() => chartValues(["scene"], sets, [policy])).toThrow(said);
});

it("names all servers that it cannot take at once", () => {
  expect(() => chartValues(["author", "scene", "review"], [liveSet()], [policy])).toThrow(
    /2 server\(s\):\n {2}author: .*\n {2}review: /,
  );
});
