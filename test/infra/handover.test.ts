import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { beforeOf, handoverTo, liveBefore } from "../../infra/handover.ts";
import type { Place } from "../../infra/platforms/place.ts";
import { readRecords } from "../../infra/release/records.ts";
import { policy, targets } from "./health-policy.ts";
import { commit, gate, journal } from "./release/release-records.ts";

describe("handoverTo", () => {
  const taken = { before: { scene: "scene-0" }, place: { platform: "docker" } };
  const place: Place = { platform: "docker" };
  const live = policy({ targets: targets({ scene: "scene-1" }) });
  const committed = [
    journal({ release: "r-1", context: taken }),
    gate("private", { policy: live }),
    gate("public"),
    commit(),
  ];
  const fresh = { before: { scene: "scene-1" }, endpoints: {}, elastic: {}, place };

  it.each([
    ["the release that is live", "r-1", committed, true, taken],
    ["another release", "r-2", committed, false, fresh],
    ["the same release, of which it was not proven", "r-1", committed.slice(0, 3), false, fresh],
    ["a first release", "r-1", [], false, { ...fresh, before: {} }],
  ] as const)("of %s", (_, release, records, again, handover) => {
    expect(handoverTo(release, readRecords(records), place)).toEqual({ again, handover });
  });

  it("keeps no path of this machine", () => {
    const here: Place = { platform: "kubernetes", namespace: "n", kubeconfig: "/home/ann/.kube" };
    expect(handoverTo("r-1", readRecords([]), here).handover.place).toEqual({
      platform: "kubernetes",
      namespace: "n",
    });
  });
});

describe("beforeOf", () => {
  it("joins each part with the hosts of its copies", () => {
    const before = { scene: "scene-1", author: "author-1" };
    const hosts = { endpoints: { scene: ["scene-1-0"] }, elastic: { scene: ["scene-1-1"] } };
    expect(beforeOf({ before, ...hosts })).toEqual({
      scene: { workload: "scene-1", endpoints: ["scene-1-0"], elastic: ["scene-1-1"] },
      author: { workload: "author-1" },
    });
  });
});

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
