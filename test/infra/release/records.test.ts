import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ResourceRecord } from "../../../infra/release/deployment.ts";
import { readRecords, sha256, transactionState } from "../../../infra/release/records.ts";
import { stackRecord, thing } from "./deployment-records.ts";
import { commit, committed, gate, journal } from "./release-records.ts";

const state = (...resources: ResourceRecord[]) => transactionState(readRecords(resources));
const gates = [gate("private"), gate("public")];

describe("transactionState", () => {
  it.each([
    ["an empty stack", [], "none"],
    ["a stack without journal", [stackRecord(), thing("a", "a-1")], "none"],
    ["gates and a commit without journal", [...gates, commit()], "none"],
    ["the journal alone", [journal()], "open"],
    ["journal and gates", [journal(), ...gates], "open"],
    [
      "the commit of another transaction",
      [journal(), ...gates, commit({ transaction: "t-0" })],
      "open",
    ],
    ["the whole of it", [journal(), ...gates, commit()], "committed"],
    ["no gates, none guarded", [journal(), commit({ guards: {} })], "committed"],
    ["no gates any more, but some were guarded", [journal(), commit()], "unproven"],
    ["one gate less than was committed", [journal(), gate("private"), commit()], "unproven"],
    [
      "one gate more than was committed",
      [journal(), ...gates, gate("third"), commit()],
      "unproven",
    ],
    [
      "a gate that guards another object than was committed",
      [journal(), gate("private", { guards: { server: "id-2" } }), gate("public"), commit()],
      "unproven",
    ],
    [
      "a gate of another transaction over the same objects",
      [journal(), gate("private", { transaction: "t-0" }), gate("public"), commit()],
      "committed",
    ],
    [
      "a commit that waits for its deletion, and no other",
      [journal(), ...gates, commit({}, { delete: true })],
      "open",
    ],
    [
      "a new journal beside the condemned old one",
      [
        journal({ transaction: "t-2" }, { id: "new" }),
        journal({}, { id: "old", delete: true }),
        ...gates,
        commit(),
      ],
      "open",
    ],
    [
      "a new commit beside the condemned old one",
      [
        journal(),
        ...gates,
        commit({}, { id: "new" }),
        commit({ transaction: "t-0" }, { delete: true }),
      ],
      "committed",
    ],
  ] as const)("%s", (_, resources, expected) => {
    expect(state(...resources)).toBe(expected);
  });

  it("is one of every combination of journal, commit and gates, whatever their order", () => {
    const transaction = fc.constantFrom("t-1", "t-2");
    const guards = fc.constantFrom({ a: "1" }, { a: "2" }, {});
    fc.assert(
      fc.property(
        fc.option(transaction, { nil: undefined }),
        fc.option(fc.record({ transaction, guards }), { nil: undefined }),
        fc.option(guards, { nil: undefined }),
        fc.nat(),
        (opened, closed, guarded, turn) => {
          const resources = [
            ...(opened ? [journal({ transaction: opened })] : []),
            ...(guarded ? [gate("private", { guards: guarded })] : []),
            ...(closed
              ? [commit({ transaction: closed.transaction, guards: { private: closed.guards } })]
              : []),
          ];
          const at = resources.length === 0 ? 0 : turn % resources.length;
          const turned = [...resources.slice(at), ...resources.slice(0, at)];
          const proven =
            guarded !== undefined && JSON.stringify(closed?.guards) === JSON.stringify(guarded);
          const same = closed?.transaction === opened;
          const expected = !opened ? "none" : !same ? "open" : proven ? "committed" : "unproven";
          expect(state(...turned)).toBe(expected);
        },
      ),
    );
  });
});

describe("readRecords", () => {
  it("reads every record by its name", () => {
    const { journal: opened, commit: closed, gates: read } = readRecords(committed("t-9", "r-9"));
    expect(opened).toMatchObject({ transaction: "t-9", release: "r-9" });
    expect(closed).toMatchObject({ transaction: "t-9", release: "r-9" });
    expect([...read.keys()]).toEqual(["private", "public"]);
  });

  it("takes nothing of another type for a record", () => {
    const impostor = { ...journal(), type: "x:index:Thing" };
    expect(readRecords([impostor]).journal).toBeUndefined();
  });
});

describe("sha256", () => {
  it("does not depend on the order of keys", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
        const turned = Object.fromEntries(Object.entries(value).reverse());
        expect(sha256(turned)).toBe(sha256(value));
      }),
    );
  });

  it("tells values apart, and has the form of a SHA-256", () => {
    expect(sha256({ a: 1 })).toMatch(/^[0-9a-f]{64}$/);
    expect(new Set([{ a: 1 }, { a: "1" }, { a: [1] }, {}, null].map(sha256)).size).toBe(5);
  });
});
