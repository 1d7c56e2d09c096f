import { describe, expect, it } from "vitest";
import { situationOf, type Situation } from "../../../infra/cli/stack-situation.ts";
import type { ResourceRecord } from "../../../infra/release/deployment.ts";
import type { HistoryEntry, Outcome } from "../../../infra/release/history.ts";
import type { LeaseHolder } from "../../../infra/release/lease.ts";
import { stackRecord, thing } from "../release/deployment-records.ts";
import { committed, gate, journal, commit } from "../release/release-records.ts";

const holder = (what: string): LeaseHolder => ({
  ...{ user: "ann", host: "build-7", pid: 4711, since: "", what, started: "", token: "" },
});
const ended = (outcome: Outcome) => ({ outcome }) as HistoryEntry;

const live = committed("t-1", "r-1");
const open = [journal({ from: "r-0" }), thing("a", "a-1")];
const first = [journal({ from: null }), thing("a", "a-1")];
const unproven = [
  ...[journal(), gate("private", { guards: { server: "id-2" } }), gate("public"), commit()],
];

describe("situationOf", () => {
  it.each<[string, ResourceRecord[], LeaseHolder | undefined, HistoryEntry | undefined, Situation]>(
    [
      ["nothing", [], undefined, undefined, "none"],
      ["a stack without resources", [stackRecord()], undefined, undefined, "none"],
      ["one that was destroyed", [stackRecord()], undefined, ended("destroyed"), "none"],
      ["a first one that was cleaned up", [stackRecord()], undefined, ended("cleaned-up"), "none"],
      ["a live release", live, undefined, ended("live"), "live"],
      ["a live release whose history is lost", live, undefined, undefined, "live"],
      ["a live release with somebody at it", live, holder("update"), ended("live"), "live"],
      ["after a rollback", live, undefined, ended("rolled-back"), "rolled-back"],
      ["restored, but its proof failed", live, undefined, ended("frozen"), "frozen"],
      ["a repair that was not proven", unproven, undefined, ended("live"), "live"],
      ["open, nobody at it", open, undefined, ended("live"), "frozen"],
      ["open, an update at it", open, holder("update"), ended("live"), "live"],
      ["open, a rollback at it", open, holder("rolling back"), ended("live"), "rolling-back"],
      ["open, a first update at it", first, holder("update"), undefined, "rolling-back"],
      ["a first one, nobody at it", first, undefined, undefined, "frozen"],
      [
        "deployed without a journal",
        [stackRecord(), thing("a", "a-1")],
        undefined,
        undefined,
        "live",
      ],
    ],
  )("%s", (_, resources, who, last, expected) => {
    expect(situationOf(resources, who, last)).toBe(expected);
  });
});
