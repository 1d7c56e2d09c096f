import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { liveBefore, newTransaction } from "../../infra/open-release.ts";
import { readRecords } from "../../infra/release/records.ts";
import { policy, targets } from "./health-policy.ts";
import { gate } from "./release/release-records.ts";

describe("liveBefore", () => {
  it("is where the private gate of the live release asks", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.stringMatching(/^[a-z]+$/), fc.string()), (addresses) => {
        const records = readRecords([
          gate("private", { policy: policy({ targets: targets(addresses) }) }),
          gate("public", { policy: policy({ targets: targets({ gateway: "gateway-1" }) }) }),
        ]);
        expect(liveBefore(records)).toEqual({ before: addresses, endpoints: {}, elastic: {} });
      }),
    );
  });

  it("tells copies that are there from those that come and go", () => {
    const scene = { component: "scene", workload: "scene-1" };
    const named = { endpoints: ["scene-1-0"], elastic: ["scene-1-1", "scene-1-2"] };
    const own = {
      scene: { ...scene, ...named },
      "scene-copy-0": { ...scene, workload: "scene-1-0" },
    };
    const records = readRecords([gate("private", { policy: policy({ targets: own }) })]);
    expect(liveBefore(records)).toEqual({
      before: { scene: "scene-1" },
      endpoints: { scene: named.endpoints },
      elastic: { scene: named.elastic },
    });
  });

  it.each([
    ["no release", []],
    ["a gate without targets", [gate("private")]],
    ["a gate without policy", [gate("private", { policy: null })]],
  ] as const)("is empty for %s", (_, records) => {
    expect(liveBefore(readRecords(records))).toEqual({
      before: {},
      endpoints: {},
      elastic: {},
    });
  });
});

describe("newTransaction", () => {
  it("says when, and is never the same twice", () => {
    const names = Array.from({ length: 200 }, newTransaction);
    expect(new Set(names).size).toBe(200);
    for (const name of names) expect(name).toMatch(/^t-\d{8}T\d{6}Z-[0-9a-f]{6}$/);
    const stamp = names[0]!.slice(2, 18).replace(/(....)(..)(..T..)(..)/, "$1-$2-$3:$4:");
    expect(Math.abs(Date.parse(stamp) - Date.now())).toBeLessThan(60_000);
  });
});
