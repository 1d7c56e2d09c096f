import { expect, it } from "vitest";
import type { Properties } from "../../../../toolchain/plugins/bridge/values.ts";
import {
  handOver,
  hasOwnFormer,
  withoutIgnored,
} from "../../../../toolchain/plugins/kubernetes/managed-fields.ts";

const entry = (
  manager: string,
  operation: string,
  fieldsV1: Properties,
  more: Properties = {},
) => ({
  manager,
  operation,
  fieldsV1,
  ...more,
});

const objectOf = (...managedFields: Properties[]): Properties => ({
  metadata: { resourceVersion: "7", managedFields },
  spec: { replicas: 3, paused: true },
});

const spec = (...names: string[]): Properties => ({
  "f:spec": Object.fromEntries(names.map((name) => [`f:${name}`, {}])),
});

it("gives what a creation set to the manager that applies from now on", () => {
  const status = entry("pulumi-kubernetes", "Update", {}, { subresource: "status" });
  const controller = entry("kube-controller-manager", "Update", spec("paused"));
  const live = objectOf(entry("pulumi-kubernetes", "Update", spec("a")), controller, status);
  expect(handOver(live, "mine")).toEqual([
    {
      op: "replace",
      path: "/metadata/managedFields",
      value: [controller, status, entry("mine", "Apply", spec("a"))],
    },
    { op: "replace", path: "/metadata/resourceVersion", value: "7" },
  ]);
});

it("adds it to what that manager has already", () => {
  const live = objectOf(entry("mine", "Apply", spec("a")), entry("kubectl", "Update", spec("b")));
  expect(handOver(live, "mine")?.[0]?.value).toEqual([entry("mine", "Apply", spec("a", "b"))]);
});

it("is over after the first time", () => {
  expect(handOver(objectOf(entry("mine", "Apply", spec("a"))), "mine")).toBeUndefined();
});

it("lets a preview overrule the stand-in's own creation, not kubectl", () => {
  expect(hasOwnFormer(objectOf(entry("pulumi-kubernetes", "Update", {})))).toBe(true);
  expect(hasOwnFormer(objectOf(entry("kubectl", "Update", {})))).toBe(false);
});

it("leaves an ignored field to others if only they manage it, and else as it is", () => {
  const live = objectOf(
    entry("mine", "Apply", spec("paused")),
    entry("autoscaler", "Update", spec("replicas")),
  );
  const inputs = { spec: { replicas: 1, paused: false, other: 1 } };
  const ignored = ["spec.replicas", "spec.paused", "spec.missing"];
  expect(withoutIgnored(inputs, live, ignored, "mine")).toEqual({
    spec: { paused: true, other: 1 },
  });
});
