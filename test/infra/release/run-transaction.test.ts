import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import type { Deployment } from "../../../infra/release/deployment.ts";
import { Link } from "../../../infra/release/link.ts";
import { packDeployment } from "../../../infra/release/pack.ts";
import { isOpen, runTransaction, type UpdateEnd } from "../../../infra/release/run-transaction.ts";
import { deployment, find, stackRecord, thing } from "./deployment-records.ts";
import { fakeHost, updateEnd, type FakeHost } from "./fake-host.ts";
import { committed, gate, journal } from "./release-records.ts";

const live = deployment(thing("a", "a-1"), ...committed("t-1", "r-1"));
const packed = packDeployment(live);

/** The next release, committed; the engine has deleted what it replaced. */
const next = deployment(
  thing("a", "a-1"),
  thing("b", "b-1"),
  ...committed("t-2", "r-2", { before: packed, from: "r-1" }),
);

/** The next release, stopped at its private gate. */
const half = deployment(
  thing("a", "a-1"),
  thing("b", "b-1"),
  journal(
    { transaction: "t-2", release: "r-2", from: "r-1", before: packed },
    { id: "t-2-journal" },
  ),
  ...committed("t-1", "r-1").map((record) =>
    record.id === "t-1-journal" ? { ...record, delete: true } : record,
  ),
);

/** A first deployment that stopped half way. */
const firstHalf = deployment(thing("a", "a-1"), journal({ transaction: "t-1", release: "r-1" }));

/** An update that leaves a state and tells what a program tells. */
const leaving =
  (host: FakeHost, state: Deployment, end: UpdateEnd, failing?: string) =>
  async (path: string): Promise<UpdateEnd> => {
    const link = await Link.connect(path);
    await link.ask();
    link.tell({ kind: "begin", transaction: "t-2", release: "r-2" });
    link.tell({ kind: "phase", phase: "gate" });
    if (failing !== undefined) {
      const verdict = { pass: false, reasons: [failing], subjects: ["b"], probes: [{ name: "b" }] };
      link.tell({ kind: "verdict", gate: "private", verdict });
    }
    await expect.poll(() => host.events.length).toBe(failing === undefined ? 2 : 3);
    host.engine.state = { version: 3, deployment: state };
    return end;
  };

const failed = updateEnd({ ok: false, problems: ["gate private: b does not answer"] });

describe("a state that cannot be read after the update", () => {
  it("freezes: what it left is not known, and nothing is done on a guess", async () => {
    const host = fakeHost(live);
    const run = leaving(host, half, failed, "b does not answer");
    const result = await runTransaction(
      host,
      async (link) => {
        const end = await run(link);
        host.engine.exportDeployment = () => Promise.reject(new Error("no passphrase"));
        return end;
      },
      { keepFailed: false },
    );
    const reason = "the state cannot be read: no passphrase";
    expect(result).toMatchObject({
      ...{ outcome: "frozen", deployment: null, reasons: failed.problems },
      rollback: { outcome: "frozen", reasons: [reason] },
    });
    expect(result.entry).toMatchObject({
      ...{ outcome: "frozen", release: "r-2", from: "r-1", transaction: "t-2" },
      reasons: [...failed.problems, reason],
    });
    expect(host.engine.imported).toEqual([]);
  });
});

describe("an update", () => {
  it("that was committed is live; its deployment is kept as the backend has it", async () => {
    const host = fakeHost(live);
    const result = await runTransaction(host, leaving(host, next, updateEnd()), {
      keepFailed: false,
    });
    expect(result).toMatchObject({ outcome: "live", deployment: next, reasons: [] });
    expect(result.entry).toMatchObject({
      ...{ seq: 1, stack: "staging", operation: "deploy", outcome: "live" },
      ...{ release: "r-2", from: "r-1", transaction: "t-2" },
      ...{ changes: { create: 1 }, steps: ["create x:index:Thing b"] },
    });
    expect(Object.keys(result.entry!.timings).sort()).toEqual(["gate", "prepare", "total"]);
    expect(host.history.deploymentOf(result.entry!)).toMatchObject({
      deployment: { metadata: "encrypted" },
    });
    expect(host.engine.imported).toEqual([]);
    expect(host.proved).toEqual([]);
  });

  it("that was committed stays so when the engine then fails to delete what is old", async () => {
    const host = fakeHost(live);
    const end = updateEnd({ ok: false, problems: ["deleting a: in use"] });
    const result = await runTransaction(host, leaving(host, next, end), { keepFailed: false });
    expect(result).toMatchObject({ outcome: "live", reasons: ["deleting a: in use"] });
    expect(result.entry).toMatchObject({ outcome: "live", reasons: ["deleting a: in use"] });
  });

  it.each([
    ["changed nothing", updateEnd({ changes: {} }), "unchanged"],
    ["was refused before its journal", updateEnd({ ok: false, problems: ["no image"] }), "refused"],
  ] as const)("that %s leaves no trace", async (_, end, outcome) => {
    const host = fakeHost(live);
    const result = await runTransaction(host, () => Promise.resolve(end), { keepFailed: false });
    expect(result).toMatchObject({ outcome, deployment: live, reasons: end.problems });
    expect(result.entry).toBeUndefined();
    expect(host.history.entries()).toEqual([]);
    expect(host.engine.imported).toEqual([]);
  });

  it("that failed is rolled back: the state is the one from before, and its gates were asked", async () => {
    const host = fakeHost(live);
    const result = await runTransaction(host, leaving(host, half, failed, "b does not answer"), {
      keepFailed: false,
    });
    expect(result).toMatchObject({
      outcome: "rolled-back",
      reasons: ["b does not answer"],
      evidence: join("evidence", "t-2"),
    });
    expect(result.deployment).toEqual(live);
    expect(host.engine.state.deployment).toEqual(live);
    expect(result.rollback?.report?.exact).toBe(true);
    expect(host.proved.sort()).toEqual(["private", "public"]);
    expect(host.engine.refreshed).toEqual([false]);
    expect(result.entry).toMatchObject({
      ...{ outcome: "rolled-back", release: "r-2", from: "r-1", transaction: "t-2" },
      gates: [{ gate: "private", pass: false, reasons: ["b does not answer"] }],
    });
    expect(result.entry?.deployment).toBeUndefined();
    expect(Object.keys(result.entry!.timings)).toEqual(
      expect.arrayContaining(["prepare", "gate", "restore", "verify", "rollback", "total"]),
    );
    expect(existsSync(join(host.history.directory, result.evidence!))).toBe(true);
  });

  it("that failed condemns what is new before anything runs", async () => {
    const host = fakeHost(live);
    await runTransaction(host, leaving(host, half, failed), { keepFailed: false });
    const merged = host.engine.imported[0]!.deployment!;
    expect(find(merged, "b")).toMatchObject({ delete: true });
    expect(find(merged, "a")?.delete).toBeFalsy();
  });

  it("that was interrupted is rolled back with a look at what is really there", async () => {
    const host = fakeHost(live);
    const end = updateEnd({ ok: false, problems: ["exit code 255"], interrupted: true });
    const result = await runTransaction(host, leaving(host, half, end), { keepFailed: false });
    expect(result).toMatchObject({ outcome: "rolled-back", reasons: ["interrupted"] });
    expect(host.engine.refreshed).toEqual([true]);
  });

  it("hands the deployment from before to the program", async () => {
    const host = fakeHost(live);
    let answer: unknown;
    const update = async (path: string) => {
      answer = await (await Link.connect(path)).ask();
      return updateEnd();
    };
    await runTransaction(host, update, { keepFailed: false });
    expect(answer).toEqual({ before: live });
  });
});

describe("a first deployment that failed", () => {
  it.each([null, { resources: [stackRecord()] }])("is cleaned up: %j", async (empty) => {
    const host = fakeHost(empty);
    const result = await runTransaction(host, leaving(host, firstHalf, failed), {
      keepFailed: false,
    });
    expect(result).toMatchObject({ outcome: "cleaned-up", deployment: null });
    expect(result.entry).toMatchObject({ outcome: "cleaned-up", from: null, release: "r-2" });
    expect(find({ resources: host.engine.state.deployment?.resources ?? [] }, "a")).toBeUndefined();
  });

  it("is kept when somebody wants to look at it", async () => {
    const host = fakeHost(null);
    const result = await runTransaction(host, leaving(host, firstHalf, failed), {
      keepFailed: true,
    });
    expect(result).toMatchObject({ outcome: "kept", deployment: firstHalf });
    expect(host.engine.imported).toEqual([]);
    expect(isOpen(host.engine.state.deployment)).toBe(true);
  });

  it("is never kept where there is something to return to", async () => {
    const host = fakeHost(live);
    const result = await runTransaction(host, leaving(host, half, failed), { keepFailed: true });
    expect(result.outcome).toBe("rolled-back");
  });
});

describe("what hinders a rollback", () => {
  it("not evidence that cannot be kept", async () => {
    const host = fakeHost(live, {
      collectEvidence: () => Promise.reject(new Error("no space left")),
    });
    const result = await runTransaction(host, leaving(host, half, failed), { keepFailed: false });
    expect(result.outcome).toBe("rolled-back");
    expect(host.notes.join()).toMatch(/evidence could not be kept in .*: no space left/);
  });

  it("not an object at fault that cannot be stopped", async () => {
    const stopped: string[][] = [];
    const host = fakeHost(live, {
      stopFailing: (subjects) => {
        stopped.push([...subjects]);
        expect(host.events).not.toContainEqual({ kind: "phase", phase: "rollback" });
        return Promise.reject(new Error("engine stopped"));
      },
    });
    const run = leaving(host, half, failed, "b does not answer");
    const result = await runTransaction(host, run, { keepFailed: false });
    expect(result.outcome).toBe("rolled-back");
    expect(stopped).toEqual([["b"]]);
  });

  it("an engine that fails once: the second attempt looks at what is really there", async () => {
    const host = fakeHost(live);
    let attempts = 0;
    host.engine.replayed = () => {
      attempts += 1;
      if (attempts === 1) throw new Error("engine stopped");
      return live;
    };
    const result = await runTransaction(host, leaving(host, half, failed), { keepFailed: false });
    expect(result.outcome).toBe("rolled-back");
    expect(host.engine.refreshed).toEqual([false, true]);
    expect(host.notes).toEqual(["rollback, attempt 1 of 3: engine stopped"]);
  });

  it("an engine that fails three times: frozen, and the journal still knows the way back", async () => {
    const host = fakeHost(live);
    host.engine.replayed = () => {
      throw new Error("engine stopped");
    };
    const result = await runTransaction(host, leaving(host, half, failed), { keepFailed: false });
    expect(result).toMatchObject({ outcome: "frozen", deployment: null });
    expect(result.entry).toMatchObject({
      outcome: "frozen",
      reasons: ["gate private: b does not answer", "engine stopped"],
    });
    expect(host.notes).toHaveLength(3);
  });

  it("an engine that waits twice for what does not come: frozen, without a third time", async () => {
    const host = fakeHost(live);
    const now = vi.spyOn(Date, "now").mockImplementation(() => 61_000 * host.notes.length);
    host.engine.replayed = () => {
      throw new Error("image missing");
    };
    const result = await runTransaction(host, leaving(host, half, failed), { keepFailed: false });
    now.mockRestore();
    expect(result.outcome).toBe("frozen");
    expect(host.notes).toEqual([
      "rollback, attempt 1 of 3: image missing",
      "rollback, attempt 2 of 3: image missing",
    ]);
  });

  it("a part of the release before that is gone: a look at the objects makes it again", async () => {
    let asked = 0;
    const host = fakeHost(live, {
      prove: () => {
        asked += 1;
        const pass = host.engine.refreshed.includes(true);
        const reasons = pass ? [] : ["a does not exist"];
        return Promise.resolve({ pass, reasons, subjects: [], probes: [] });
      },
    });
    const result = await runTransaction(host, leaving(host, half, failed), { keepFailed: false });
    expect(result.outcome).toBe("rolled-back");
    expect(host.engine.refreshed).toEqual([false, true]);
    expect(asked).toBeGreaterThan(1);
    expect(host.notes.join()).toMatch(/^rollback, attempt 1: a does not exist.*; trying again$/);
    expect(host.engine.state.deployment).toEqual(live);
  });

  it("a part that is gone and cannot be made again: frozen and open, so that recover can finish it", async () => {
    const host = fakeHost(live, {
      logicalTypes: /^pulumi:index:Stash$/,
      prove: () =>
        Promise.resolve({ pass: false, reasons: ["a does not exist"], subjects: [], probes: [] }),
    });
    host.engine.replayed = () => {
      if (host.engine.refreshed.includes(true)) throw new Error("no such image");
      return live;
    };
    const result = await runTransaction(host, leaving(host, half, failed), { keepFailed: false });
    expect(result.outcome).toBe("frozen");
    expect(isOpen(host.engine.state.deployment)).toBe(true);
  });

  it("a release before that does not answer: frozen, with its own words", async () => {
    const host = fakeHost(live, {
      prove: (name) =>
        name === "private"
          ? Promise.reject(new Error("no transport"))
          : Promise.resolve({ pass: false, reasons: ["a is down"], subjects: ["a"], probes: [] }),
    });
    const result = await runTransaction(host, leaving(host, half, failed), { keepFailed: false });
    expect(result.outcome).toBe("frozen");
    expect(result.rollback?.reasons).toEqual([
      "gate private cannot be asked: no transport",
      "a is down",
    ]);
    expect(host.engine.refreshed).toEqual([false, true]);
    expect(host.engine.state.deployment).toEqual(live);
  });
});

describe("isOpen", () => {
  it.each([
    ["half a release", half, true],
    ["half a first one", firstHalf, true],
    ["a live one", live, false],
    ["the next one", next, false],
    ["gates alone", deployment(gate("private")), false],
    ["nothing", null, false],
  ] as const)("%s", (_, state, open) => {
    expect(isOpen(state)).toBe(open);
  });
});
