import { describe, expect, it } from "vitest";
import {
  parseHistory,
  podChanges,
  recordedOf,
  type Revision,
} from "../../../../bench/release/helm/outcome.ts";
import type { Pod } from "../../../../bench/release/stand.ts";

describe("history", () => {
  const revision = (number: number, at: string, status: string): Revision => ({
    revision: number,
    updated: `2026-03-01T10:00:${at}Z`,
    status,
    description: "",
  });
  const good = revision(1, "00.5", "superseded");

  it("is read as Helm prints it", () => {
    const printed =
      '[{"revision":2,"updated":"2026-03-01T11:00:01.123456789+01:00","status":"deployed","chart":"mcp-servers-1.0.0","app_version":"","description":"Upgrade complete"},' +
      '{"revision":1,"updated":"2026-03-01T10:00:00Z","status":"superseded","chart":"mcp-servers-1.0.0","app_version":"","description":"Install complete"}]\n';
    const history = parseHistory(printed);
    expect(history.map((one) => one.revision)).toEqual([1, 2]);
    expect(recordedOf(history, 1, Date.parse("2026-03-01T10:00:09Z"))).toEqual({
      ...{ status: "deployed", revision: 2, detect: undefined, rollback: undefined },
    });
  });

  it.each(["{}", "[null]", '[{"revision":1,"status":"deployed","updated":""}]'])(
    "is not %s",
    (json) => {
      expect(() => parseHistory(json)).toThrow("no history of a release");
    },
  );

  it("tells how long Helm took to notice, and to go back", () => {
    const history = [good, revision(2, "10", "failed"), revision(3, "40", "deployed")];
    expect(recordedOf(history, 1, Date.parse("2026-03-01T10:00:42.5Z"))).toEqual({
      ...{ status: "deployed", revision: 3, detect: 30, rollback: 2.5 },
    });
  });

  it("tells of a rollback that failed too", () => {
    const history = [good, revision(2, "10", "failed"), revision(3, "40", "failed")];
    expect(recordedOf(history, 1, Date.now())).toMatchObject({ status: "failed", detect: 30 });
  });

  it("does not take an earlier upgrade for this one", () => {
    expect(() => recordedOf([good, revision(2, "10", "failed")], 2, Date.now())).toThrow(
      "no revision after 2",
    );
  });
});

describe("pods", () => {
  const pod = (name: string, template: string, more: object = {}): Pod => ({
    metadata: {
      ...{ name, uid: `uid-of-${name}` },
      labels: { "app.kubernetes.io/name": name.split("-")[0]!, "pod-template-hash": template },
      ...more,
    },
    status: { phase: "Running", containerStatuses: [{ restartCount: 0 }] },
  });
  const before = [pod("scene-1", "a"), pod("scene-2", "a"), pod("author-1", "b")];
  const changed = new Set(["scene"]);
  const going = { deletionTimestamp: "2026-03-01T10:00:00Z" };

  it("of the changed server are new after a good release, and of no other", () => {
    const after = [pod("scene-3", "c"), pod("scene-4", "c"), pod("author-1", "b")];
    expect(podChanges(before, after, { changed, failed: false })).toEqual({
      ...{ recreated: 2, disturbed: 0, runs: "new" },
    });
  });

  it("of another server count as disturbed", () => {
    const after = [pod("scene-3", "c"), pod("scene-4", "c"), pod("author-2", "b")];
    expect(podChanges(before, after, { changed, failed: false })).toEqual({
      ...{ recreated: 3, disturbed: 1, runs: "new" },
    });
  });

  it("all stay where a bad release is taken back, and the bad one that drains does not count", () => {
    const after = [...before, pod("scene-3", "bad", going)];
    expect(podChanges(before, after, { changed, failed: true })).toEqual({
      ...{ recreated: 0, disturbed: 0, runs: "old" },
    });
  });

  it("that drain are gone, and those made anew of the old release run the old one", () => {
    const after = [pod("scene-1", "a", going), pod("scene-2", "a"), pod("scene-5", "a")];
    expect(podChanges(before, [...after, before[2]!], { changed, failed: true })).toEqual({
      ...{ recreated: 1, disturbed: 1, runs: "old" },
    });
  });

  it("that were started again are none of those before", () => {
    const [first, ...others] = before;
    const restarted = {
      ...first!,
      status: { phase: "Running", containerStatuses: [{ restartCount: 1 }] },
    };
    expect(podChanges(before, [restarted, ...others], { changed, failed: true }).disturbed).toBe(1);
  });

  it("of both releases, or of none, are told", () => {
    const runs = (after: readonly Pod[]) =>
      podChanges(before, after, { changed, failed: true }).runs;
    expect(runs([...before, pod("scene-3", "bad")])).toBe("both");
    expect(runs([pod("author-1", "b")])).toBe("none");
  });
});
