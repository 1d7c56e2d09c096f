import { expect, it } from "vitest";
import { describeFinding } from "../../../../infra/cli/manifests/manifest.ts";
import { schemaFindings, schemaVersion } from "../../../../infra/cli/manifests/schema.ts";
import { KUBERNETES_VERSION } from "../../../../toolchain/kubernetes/versions.ts";
import { sample, withValue } from "./sample.ts";

const pod = "spec.template.spec";
const container = `${pod}.containers.0`;

it("has the schemas of the cluster that the tests run on", () => {
  expect(schemaVersion()).toBe(KUBERNETES_VERSION);
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
