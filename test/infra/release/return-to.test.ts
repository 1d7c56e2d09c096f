import { describe, expect, it } from "vitest";
import { deploymentBefore } from "../../../infra/release/pack.ts";
import { readRecords, transactionState } from "../../../infra/release/records.ts";
import {
  asTransaction,
  releaseOf,
  withJournal,
  withChosenOf,
} from "../../../infra/release/return-to.ts";
import { deployment, find, integrityProblems, thing } from "./deployment-records.ts";
import { committed } from "./release-records.ts";

const target = deployment(
  thing("a", "a-1"),
  thing("old", "old-1", { delete: true }),
  ...committed("t-1", "r-1"),
);
const current = deployment(thing("b", "b-1"), ...committed("t-2", "r-2", { from: "r-1" }));
const identity = {
  transaction: "t-3",
  journal: {
    from: "r-2",
    owner: { user: "ann", host: "build-7", pid: 4711 },
    since: "2026-01-02T03:04:05.000Z",
    historyHead: null,
    context: {},
  },
};

describe("asTransaction", () => {
  const wanted = asTransaction(target, identity);

  it("names the new transaction in its gates and its commit, and keeps their release", () => {
    const { commit, gates } = readRecords(wanted.resources ?? []);
    for (const content of [commit, ...gates.values()]) {
      expect(content).toMatchObject({ transaction: "t-3", release: "r-1" });
    }
    expect(gates.size).toBe(2);
  });

  it("has neither a journal nor what is condemned, and everything else as it was", () => {
    expect(find(wanted, "release-journal")).toBeUndefined();
    expect(find(wanted, "old")).toBeUndefined();
    expect(find(wanted, "a")).toEqual(find(target, "a"));
  });

  it("is committed with the journal of the return", () => {
    const { journal } = withJournal({ version: 3, deployment: current }, target, identity);
    expect(transactionState(readRecords([journal, ...(wanted.resources ?? [])]))).toBe("committed");
  });
});

describe("withChosenOf", () => {
  it("keeps what a plugin chose itself its own choice, of what the target has", () => {
    const chosen = { name: "a-1b2c3d4", __defaults: ["name"] };
    const stated = { name: "a-1b2c3d4", __defaults: [] };
    const made = deployment(
      thing("a", "a-2", { inputs: stated }),
      thing("a", "a-1", { inputs: stated, delete: true }),
      thing("b", "b-1", { inputs: stated }),
    );
    const noted = withChosenOf(deployment(thing("a", "a-1", { inputs: chosen })), made);
    expect(noted.resources?.slice(-3).map(({ inputs }) => inputs)).toEqual([
      chosen,
      stated,
      stated,
    ]);
    expect(noted.resources).toHaveLength(made.resources!.length);
  });
});

describe("withJournal", () => {
  const { opened, journal } = withJournal({ version: 3, deployment: current }, target, identity);

  it("opens a transaction over what is live, and knows the way back to it", () => {
    expect(transactionState(readRecords(opened.deployment!.resources ?? []))).toBe("open");
    expect(readRecords([journal]).journal).toMatchObject({
      ...{ transaction: "t-3", release: "r-1", from: "r-2" },
    });
    expect(deploymentBefore(opened.deployment!)).toEqual(current);
  });

  it("is a state that the engine takes: the new journal before the old one", () => {
    expect(integrityProblems(opened.deployment!)).toEqual([]);
    const journals = opened.deployment!.resources!.filter(({ urn }) =>
      urn.endsWith("::release-journal"),
    );
    expect(journals.map(({ delete: leaving }) => leaving ?? false)).toEqual([false, true]);
    expect(new Set(journals.map(({ id }) => id)).size).toBe(2);
  });

  it("refuses a stack without journal", () => {
    const state = { version: 3, deployment: deployment(thing("a", "a-1")) };
    expect(() => withJournal(state, target, identity)).toThrow("no journal");
    expect(() => withJournal({ version: 3 }, target, identity)).toThrow("no journal");
  });
});

it("reads a deployment's release from its commit", () => {
  expect(releaseOf(target)).toBe("r-1");
  expect(releaseOf(deployment(thing("a", "a-1")))).toBe("unknown");
});
