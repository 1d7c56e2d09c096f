import { describe, expect, it } from "vitest";
import type { CommandContext } from "../../../infra/cli/context.ts";
import { exitCodes } from "../../../infra/cli/exit-codes.ts";
import { concluded, proveAgain, recover, reportFailure } from "../../../infra/cli/rolled-back.ts";
import type { HistoryEntry, NewEntry } from "../../../infra/release/history.ts";
import { packDeployment } from "../../../infra/release/pack.ts";
import type { TransactionResult } from "../../../infra/release/run-transaction.ts";
import { deployment, thing } from "../release/deployment-records.ts";
import { fakeHost, updateEnd } from "../release/fake-host.ts";
import { committed, journal } from "../release/release-records.ts";

function commandLine(json = false) {
  const notes: string[] = [];
  const printed: string[] = [];
  const context: CommandContext = {
    ...{ rootDir: "/", stack: "staging", json, yes: true, sets: [], env: {} },
    out: (text) => void printed.push(text),
    note: (text) => void notes.push(text),
  };
  return { context, said: () => notes.join("\n"), printed };
}

const live = deployment(thing("a", "a-1"), ...committed("t-1", "r-1"));
const half = deployment(
  journal(
    { transaction: "t-2", release: "r-2", from: "r-1", before: packDeployment(live) },
    { id: "t-2-journal" },
  ),
  ...(live.resources ?? [])
    .slice(2)
    .map((entry) => (entry.id === "t-1-journal" ? { ...entry, delete: true } : entry)),
  thing("b", "b-1"),
);

describe("recover", () => {
  it("rolls back what the journal says, with a look at what is really there, and writes it down", async () => {
    const host = fakeHost(half);
    host.engine.replayed = () => live;
    const { context, said } = commandLine();
    const done = await recover(host);
    expect(done.result).toMatchObject({ outcome: "rolled-back", reasons: [] });
    expect(done.entry).toMatchObject({
      ...{ operation: "recover", outcome: "rolled-back", release: "r-2", from: "r-1" },
      ...{ transaction: "t-2", reasons: ["not committed"], evidence: "evidence/t-2" },
    });
    expect(host.engine.refreshed).toEqual([true]);
    expect(host.engine.state.deployment).toEqual(live);
    expect(host.notes[0]).toBe(
      "release r-2 was not committed (t-2, begun 2026-01-02T03:04:05.000Z by ann@build-7); it is rolled back",
    );
    expect(concluded(context, done)).toBeUndefined();
    expect(said()).toMatch(/^recovered in \d+\.\d s: release r-1 is live as it was before$/);
  });

  it("removes what a first deployment made", async () => {
    const host = fakeHost(deployment(journal({ release: "r-1" }), thing("a", "a-1")));
    host.engine.replayed = () => null;
    const { context, said } = commandLine();
    const done = await recover(host);
    expect(done.result.outcome).toBe("cleaned-up");
    expect(concluded(context, done)).toBeUndefined();
    expect(said()).toContain("what release r-1 made is removed; there was none before it");
  });

  it("that does not succeed says what and how to go on", async () => {
    const host = fakeHost(half);
    host.engine.replayed = () => {
      throw new Error("engine stopped");
    };
    const { context, said } = commandLine();
    expect(concluded(context, await recover(host))).toBe(exitCodes.frozen);
    expect(said()).toContain("FROZEN");
    expect(said()).toContain("engine stopped");
    expect(said()).toContain("./fleet recover --stack staging");
  });
});

describe("proveAgain", () => {
  const frozen: NewEntry = {
    ...{ stack: "staging", operation: "deploy", outcome: "frozen", release: "r-2", from: "r-1" },
    ...{ transaction: "t-2", who: { user: "ann", host: "build-7", pid: 1 }, commit: null },
    ...{ changes: {}, steps: [], gates: [], reasons: [], timings: {} },
  };

  it("asks nothing where no rollback was left unproven", async () => {
    const host = fakeHost(live);
    expect(await proveAgain(host)).toBeUndefined();
    host.history.append({ ...frozen, outcome: "rolled-back" });
    expect(await proveAgain(host)).toBeUndefined();
    expect(host.proved).toEqual([]);
  });

  it.each([
    [true, "rolled-back", []],
    [false, "frozen", ["a is down", "a is down"]],
  ] as const)("asks the gates of what is there: %j", async (pass, outcome, reasons) => {
    const host = fakeHost(live, {
      prove: () =>
        Promise.resolve({ pass, reasons: pass ? [] : ["a is down"], subjects: [], probes: [] }),
    });
    host.history.append(frozen);
    expect(await proveAgain(host)).toMatchObject({
      result: { outcome, reasons },
      entry: { operation: "recover", outcome, release: "r-2", from: "r-1", reasons },
    });
    expect(host.engine.imported).toEqual([]);
  });
});

describe("reportFailure", () => {
  const rollback = { deployment: null, report: undefined, timings: { rollback: 2340 } };
  const result = (outcome: TransactionResult["outcome"]): TransactionResult => ({
    ...{ outcome, deployment: null, update: updateEnd({ ok: false }), evidence: "evidence/t-2" },
    reasons: ["gate private: b\ndoes not answer"],
    lastWords: [{ object: "fleet-b", lines: ["starting", "no database"] }],
    ...((outcome === "frozen" || outcome === "rolled-back") && {
      rollback: { ...rollback, outcome, reasons: outcome === "frozen" ? ["engine stopped"] : [] },
    }),
    entry: { release: "r-2", from: "r-1", timings: { total: 5 } } as unknown as HistoryEntry,
  });

  it.each([
    [
      "rolled-back",
      exitCodes.rolledBack,
      "ROLLED BACK in 2.3 s: release r-2 failed, release r-1 is live as it was before",
    ],
    ["cleaned-up", exitCodes.cleanedUp, "CLEANED UP"],
    ["kept", exitCodes.cleanedUp, "FAILED: the first deployment is kept as it is"],
    ["frozen", exitCodes.frozen, "FROZEN: the rollback did not succeed"],
  ] as const)("%s", (outcome, code, words) => {
    const { context, said, printed } = commandLine();
    const host = fakeHost(live);
    expect(reportFailure(context, host, result(outcome))).toBe(code);
    expect(said()).toContain(words);
    expect(said()).toContain("last lines of fleet-b:\n  starting\n  no database\n");
    expect(said()).toContain("does not answer");
    expect(said()).toContain(`evidence: ${host.history.directory}/evidence/t-2`);
    expect(printed).toEqual([]);
  });

  it("shows the last lines of two objects, and names the others", () => {
    const { context, said } = commandLine();
    const lastWords = ["a", "b", "c", "d"].map((object) => ({ object, lines: [`${object} ends`] }));
    reportFailure(context, fakeHost(live), { ...result("rolled-back"), lastWords });
    expect(said()).toContain(
      "last lines of a:\n  a ends\nlast lines of b:\n  b ends\nand in the evidence those of c, d\n",
    );
    expect(said()).not.toContain("c ends");
  });

  it("names what had to be made again", () => {
    const { context, said } = commandLine();
    const urn = "urn:pulumi:s::p::mcpfleet:index:Fleet$docker:index/container:Container::scene";
    const report = { remade: [urn] } as unknown as NonNullable<typeof rollback.report>;
    const rolledBack = { ...rollback, outcome: "rolled-back", reasons: [], report } as const;
    reportFailure(context, fakeHost(live), { ...result("rolled-back"), rollback: rolledBack });
    expect(said()).toContain(
      "\nmade again, because it was gone: docker:index/container:Container scene\n",
    );
  });

  it("says the same for machines", () => {
    const { context, printed } = commandLine(true);
    reportFailure(context, fakeHost(live), result("rolled-back"));
    expect(printed.map((text) => JSON.parse(text) as unknown)).toEqual([
      {
        ...{ stack: "staging", outcome: "rolled-back", release: "r-2", from: "r-1" },
        ...{ reasons: ["gate private: b\ndoes not answer"], evidence: "evidence/t-2" },
        lastLines: [{ object: "fleet-b", lines: ["starting", "no database"] }],
        timings: { total: 5 },
      },
    ]);
  });
});
