import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { describeFinding, type Manifest } from "../../../../infra/cli/manifests/manifest.ts";
import { schemaFindings, schemaVersion } from "../../../../infra/cli/manifests/schema.ts";
import { rootDir } from "../../../../infra/root-dir.ts";
import {
  KUBERNETES_VERSION,
  PROMETHEUS_OPERATOR_VERSION,
} from "../../../../toolchain/kubernetes/versions.ts";
import { sample, withValue } from "./sample.ts";

const pod = "spec.template.spec";
const container = `${pod}.containers.0`;

it("has the schemas of the cluster that the tests run on", () => {
  expect(schemaVersion()).toBe(KUBERNETES_VERSION);
});

it("has the operator's schemas of the version that is pinned", () => {
  const read = (path: string) => readFileSync(join(rootDir, path), "utf8");
  const version = `github.com/prometheus-operator/prometheus-operator v${PROMETHEUS_OPERATOR_VERSION}`;
  expect(read("toolchain/kubernetes/crds/go.mod")).toContain(version);
  expect(read("infra/cli/manifests/kubernetes.schema.json")).toContain(version);
});

it.each(Object.entries(sample()))("finds nothing in a %s that is well", (_name, manifest) => {
  expect(schemaFindings(manifest)).toEqual([]);
});

it.each([
  ["spec.replicas", "two", 'spec.replicas: got "two"; allowed: integer'],
  ["spec.replica", 2, "spec.replica: unknown field"],
  ["spec.selector", undefined, "spec.selector: missing"],
  [`${pod}.restart`, "Always", "spec.template.spec.restart: unknown field"],
  [`${container}.resources.limit`, {}, "spec.template.spec.containers[0].resources.limit: unknown"],
  [`${container}.resources.limits.cpu`, true, "resources.limits.cpu: got true; allowed: string or"],
  [`${container}.readinessProbe.httpGet.port`, { number: 1 }, "readinessProbe.httpGet.port: got"],
  [
    `${container}.env`,
    [{ name: "A", value: 1 }],
    "containers[0].env[0].value: got 1; allowed: string",
  ],
  ["metadata.labels", { a: 1 }, "metadata.labels.a: got 1; allowed: string"],
  ["apiVersion", "apps/v1beta1", "kind: got apps/v1beta1/StatefulSet; there is a schema for"],
])("finds %s = %j", (path, value, said) => {
  const found = schemaFindings(withValue(sample().set, path, value)).map(describeFinding);
  expect(found).toHaveLength(1);
  expect(found[0]).toContain("StatefulSet scene-1a2b3c4: ");
  expect(found[0]).toContain(said);
});

it("finds everything at once", () => {
  const wrong = withValue(withValue(sample().set, "spec.replicas", "2"), "spec.replica", 2);
  expect(schemaFindings(withValue(wrong, `${container}.name`, undefined))).toHaveLength(3);
});

const rules = (rule: object): Manifest => ({
  apiVersion: "monitoring.coreos.com/v1",
  kind: "PrometheusRule",
  metadata: { name: "servers-rules", namespace: "fleet" },
  spec: { groups: [{ name: "servers", rules: [rule] }] },
});

it.each([
  [{ alert: "Down", expr: "up == 0", for: "1m30s", labels: { a: "b" } }, undefined],
  [{ record: "a:b", expr: "vector(1)" }, undefined],
  [{ alert: "Down", expr: "up == 0", for: "soon" }, 'rules[0].for: got "soon"; it must match'],
  [{ alert: "Down", expr: "up == 0", labels: { a: 1 } }, "labels.a: got 1; allowed: string"],
  [{ alert: "Down" }, "rules[0].expr: missing"],
  [{ alert: "Down", expr: "up", forSeconds: 1 }, "rules[0].forSeconds: unknown field"],
])("judges rules for an operator: %j", (rule, said) => {
  const found = schemaFindings(rules(rule)).map(describeFinding);
  expect(found).toEqual(said === undefined ? [] : [expect.stringContaining(said)]);
});
