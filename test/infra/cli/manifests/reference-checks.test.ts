import { expect, it } from "vitest";
import { describeFinding, type Manifest } from "../../../../infra/cli/manifests/manifest.ts";
import { referenceFindings } from "../../../../infra/cli/manifests/reference-checks.ts";
import { sample, withValue } from "./sample.ts";

const findings = (manifests: readonly Manifest[], ...foreign: string[]): string[] =>
  referenceFindings(manifests, new Set(foreign)).map(describeFinding);
const pod = "spec.template.spec";
const { set, service, secret } = sample();

it("finds nothing where everything is there", () => {
  expect(findings([set, service, secret])).toEqual([]);
});

it.each([
  ["Service", [set, secret], 'spec.serviceName: got "scene-1a2b3c4"; there is no Service'],
  ["Secret", [set, service], 'volumes[0].secret.secretName: got "scene-secrets"; there is no'],
])("finds a %s that is missing", (_kind, manifests, said) => {
  expect(findings(manifests)).toEqual([expect.stringContaining(said)]);
});

it.each([
  ["serviceAccountName", "runner", "no ServiceAccount"],
  ["imagePullSecrets", [{ name: "login" }], "no Secret"],
  ["volumes.0", { name: "files", configMap: { name: "files" } }, "no ConfigMap"],
  ["volumes.0", { name: "files", persistentVolumeClaim: { claimName: "d" } }, "no Persistent"],
  ["volumes.0.name", "other", 'volumeMounts[0].name: got "files"; the pod has no such volume'],
  ["containers.0.envFrom", [{ secretRef: { name: "env" } }], "envFrom[0].secretRef.name"],
  [
    "containers.0.env",
    [{ name: "A", valueFrom: { configMapKeyRef: { name: "env", key: "a" } } }],
    "env[0].valueFrom.configMapKeyRef.name",
  ],
])("finds what a pod names and nobody makes: %s", (path, value, said) => {
  const wrong = withValue(set, `${pod}.${path}`, value);
  expect(findings([wrong, service, secret])).toEqual([expect.stringContaining(said)]);
});

it("leaves what somebody else makes to them", () => {
  const pulling = withValue(set, `${pod}.imagePullSecrets`, [{ name: "login" }]);
  expect(findings([pulling, service, secret], "Secret login")).toEqual([]);
});

it("finds selectors that no pod fits, and pods that their own set does not select", () => {
  const other = { "mcp-fleet/component": "review" };
  expect(findings([set, withValue(service, "spec.selector", other), secret])).toEqual([
    expect.stringContaining("Service scene-1a2b3c4: spec.selector: no pod"),
  ]);
  expect(findings([withValue(set, "spec.selector.matchLabels", other), service, secret])).toEqual([
    expect.stringContaining("spec.selector.matchLabels: its own pods"),
  ]);
});

it("finds two objects of one name, an Ingress and an autoscaler that lead nowhere", () => {
  const backend = { service: { name: "gateway", port: { number: 8080 } } };
  const paths = [{ path: "/", pathType: "Prefix", backend }];
  const metadata = { name: "gateway" };
  const ingress: Manifest = {
    ...{ apiVersion: "networking.k8s.io/v1", kind: "Ingress", metadata },
    spec: { tls: [{ secretName: "tls" }], rules: [{ http: { paths } }] },
  };
  const scaler: Manifest = {
    ...{ apiVersion: "autoscaling/v2", kind: "HorizontalPodAutoscaler", metadata },
    spec: { scaleTargetRef: { kind: "StatefulSet", name: "gone" } },
  };
  expect(findings([set, service, secret, secret, ingress, scaler])).toEqual([
    expect.stringContaining("Secret scene-secrets: metadata.name: there are two"),
    expect.stringContaining('spec.tls[0].secretName: got "tls"; there is no Secret'),
    expect.stringContaining("backend.service.name"),
    expect.stringContaining('spec.scaleTargetRef.name: got "gone"; there is no StatefulSet'),
  ]);
});
