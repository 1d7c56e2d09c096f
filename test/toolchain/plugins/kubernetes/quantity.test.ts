import { expect, it } from "vitest";
import { canonicalQuantity } from "../../../../toolchain/plugins/kubernetes/quantity.ts";

// What the API server of Kubernetes 1.34 gives back for each.
it.each([
  ["0", "0"],
  ["1", "1"],
  ["0.5", "500m"],
  [".25", "250m"],
  ["1000m", "1"],
  ["1500m", "1500m"],
  ["100m", "100m"],
  ["2000", "2k"],
  ["1234", "1234"],
  ["0.0000000001", "1n"],
  ["1e3", "1e3"],
  ["1E", "1E"],
  ["1024Mi", "1Gi"],
  ["1.5Gi", "1536Mi"],
  ["0.125Gi", "128Mi"],
  ["0.5Ki", "512"],
  ["128Mi", "128Mi"],
  ["1048576Ki", "1Gi"],
  ["-1500m", "-1500m"],
  [" 1 ", "1"],
])("writes %s as %s", (text, canonical) => {
  expect(canonicalQuantity(text)).toBe(canonical);
});

it.each(["", "m", "1 Gi", "1KiB", "one", "1..2"])("does not take %j for a quantity", (text) => {
  expect(canonicalQuantity(text)).toBeUndefined();
});
