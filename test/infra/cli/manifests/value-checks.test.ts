import { expect, it } from "vitest";
import { describeFinding } from "../../../../infra/cli/manifests/manifest.ts";
import { valueFindings } from "../../../../infra/cli/manifests/value-checks.ts";
import { sample, withValue } from "./sample.ts";

const container = "spec.template.spec.containers.0";
const requests = `${container}.resources.requests`;

it.each(Object.entries(sample()))("finds nothing in a %s that is well", (_name, manifest) => {
  expect(valueFindings(manifest)).toEqual([]);
});

it.each([
  ["metadata.name", "a".repeat(53), "metadata.name: got 53 characters; allowed: at most 52"],
  ["metadata.name", "Scene", 'metadata.name: got "Scene"; allowed: lower-case'],
  ["metadata.labels.a", "b".repeat(64), "metadata.labels.a: got"],
  ["metadata.labels.a", "two words", 'metadata.labels.a: got "two words"'],
  ["metadata.annotations", { "a b": "" }, 'got the key "a b"'],
  ["metadata.annotations", { "UPPER.example/a": "" }, 'got the key "UPPER.example/a"'],
  ["spec.template.spec.nodeSelector", { disk: "fast ssd" }, "nodeSelector.disk: got"],
  [`${requests}.cpu`, "a lot", 'requests.cpu: got "a lot"; allowed: an amount'],
  [`${requests}.cpu`, "-1", 'requests.cpu: got "-1"; allowed: an amount'],
  [`${requests}.cpu`, "1001m", 'requests.cpu: got "1001m"; allowed: at most its limit'],
  [`${requests}.memory`, "161Mi", 'requests.memory: got "161Mi"; allowed: at most its limit'],
  [`${requests}.memory`, "1e9", 'requests.memory: got "1e9"; allowed: at most its limit'],
])("finds %s = %j", (path, value, said) => {
  const found = valueFindings(withValue(sample().set, path, value)).map(describeFinding);
  expect(found).toHaveLength(1);
  expect(found[0]).toContain(said);
});

it.each(["1", "100m", "0.5", "1000m", "5e-1"])("takes %s of a processor", (cpu) => {
  expect(valueFindings(withValue(sample().set, `${requests}.cpu`, cpu))).toEqual([]);
});

it.each([
  ["Secret", "stringData"],
  ["ConfigMap", "data"],
])("finds a %s that the API server would not store", (kind, field) => {
  const { secret } = sample();
  const files = (size: number) =>
    withValue({ ...secret, kind }, field, { a: "x", big: "x".repeat(size) });
  expect(valueFindings(files(1024 * 1024 - 1))).toEqual([]);
  expect(valueFindings(files(1024 * 1024)).map(describeFinding)).toEqual([
    expect.stringContaining(`${field}: got 1048577 bytes, most of them big; allowed: 1048576`),
  ]);
});
