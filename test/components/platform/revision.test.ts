import fc from "fast-check";
import { expect, it } from "vitest";
import { revisionOf } from "../../../components/platform/revision.ts";

it("is 12 hex digits, the same on every machine", () => {
  expect(revisionOf({ image: "a", envs: ["x=1"] })).toMatch(/^[0-9a-f]{12}$/);
  // First 12 digits of `printf '{"a":1}' | sha256sum`.
  expect(revisionOf({ a: 1 })).toBe("015abd7f5cc5");
});

function shuffled(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shuffled);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, inner]) => [key, shuffled(inner)]),
  );
}

it("does not depend on the order of keys", () => {
  fc.assert(
    fc.property(fc.object(), (value) => {
      expect(revisionOf(shuffled(value))).toBe(revisionOf(value));
    }),
  );
});

it("depends on the order of lists, and on every value", () => {
  expect(revisionOf([1, 2])).not.toBe(revisionOf([2, 1]));
  expect(revisionOf({ a: 1 })).not.toBe(revisionOf({ a: "1" }));
  expect(revisionOf({ a: null })).not.toBe(revisionOf({}));
});

it("takes a setting that is not given for one that is absent", () => {
  expect(revisionOf({ a: 1, b: undefined })).toBe(revisionOf({ a: 1 }));
});
