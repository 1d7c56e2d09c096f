import { describe, expect, it } from "vitest";
import type { Deployment } from "../../../infra/release/deployment.ts";
import { outcomeOf } from "../../../infra/release/outcome.ts";
import { deployment, stackRecord, thing } from "./deployment-records.ts";
import { commit, committed, gate, journal } from "./release-records.ts";

const a = thing("a", "a-1");
const live = deployment(a, ...committed("t-1", "r-1"));
const guards = { private: { server: "id-1" } };

describe("outcomeOf", () => {
  it.each<[string, Deployment | null, Deployment | null, string]>([
    ["nothing before and after", null, null, "unchanged"],
    ["an empty stack", null, { resources: [stackRecord()] }, "unchanged"],
    ["the same state", live, live, "unchanged"],
    [
      "other properties of the same objects",
      live,
      deployment(thing("a", "a-1", { outputs: {} }), ...committed("t-1", "r-1")),
      "unchanged",
    ],
    ["a first release", null, live, "committed"],
    ["another release", live, deployment(a, ...committed("t-2", "r-2")), "committed"],
    [
      "another release over one that was open",
      deployment(a, journal()),
      deployment(a, ...committed("t-2", "r-2")),
      "committed",
    ],
    ["a first journal", null, deployment(journal()), "open"],
    [
      "a journal over a live release",
      live,
      deployment(journal({ transaction: "t-2" }), a, gate("private"), commit()),
      "open",
    ],
    ["an open one that stays so", deployment(journal()), deployment(journal()), "open"],
    [
      "a live release with another object behind its gate",
      deployment(a, journal(), gate("private"), commit({ guards })),
      deployment(a, journal(), gate("private", { guards: { server: "id-2" } }), commit({ guards })),
      "unproven",
    ],
    ["an object without a journal", null, deployment(a), "open"],
    ["another object without a journal", deployment(a), deployment(thing("a", "a-2")), "open"],
    ["the same objects without a journal", deployment(a), deployment(a), "unchanged"],
    [
      "another component without a journal",
      deployment(a),
      deployment(a, { urn: "urn:pulumi:s::p::g::g", type: "g", custom: false }),
      "unchanged",
    ],
    ["everything destroyed", live, null, "open"],
  ])("%s", (_, before, after, expected) => {
    expect(outcomeOf(before, after)).toBe(expected);
  });
});
