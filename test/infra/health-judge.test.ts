import { describe, expect, it } from "vitest";
import type { WorkloadState } from "../../components/platform/transport.ts";
import { asProof, judgeHealth } from "../../infra/health-judge.ts";
import type { ReleaseEvent } from "../../infra/release/link.ts";
import { LocalTransport } from "../components/health/local-transport.ts";
import { contentWith, policy, stateProbe, targets } from "./health-policy.ts";

const running: WorkloadState = { running: true, terminal: false, detail: "running", restarts: 0 };
const exited: WorkloadState = {
  ...{ running: false, terminal: true, detail: "exited with code 1", restarts: 0 },
};

async function judged(state: WorkloadState) {
  const transport = new LocalTransport();
  transport.states = [state];
  const told: ReleaseEvent[] = [];
  const own = policy({
    probes: [stateProbe("database/started")],
    targets: targets({ database: "database-1" }),
  });
  const verdict = await judgeHealth("private", contentWith(own), transport, {
    secrets: () => Promise.reject(new Error("none")),
    tell: (event) => told.push(event),
  });
  return { verdict, told };
}

describe("judgeHealth", () => {
  it("passes quietly", async () => {
    const { verdict, told } = await judged(running);
    expect(verdict).toMatchObject({ pass: true, reasons: [], subjects: [] });
    expect(verdict.probes).toHaveLength(1);
    expect(told).toEqual([
      { kind: "standing", gate: "private", probes: 1, passing: 1, waiting: [] },
    ]);
  });

  it("fails with the probe's own words, and tells them at once", async () => {
    const { verdict, told } = await judged(exited);
    expect(verdict).toMatchObject({ pass: false, subjects: ["database"] });
    expect(verdict.reasons.join()).toContain("exited with code 1");
    expect(told).toEqual([
      expect.objectContaining({
        ...{ kind: "answer", probe: "database/started", subject: "database", verdict: "failed" },
        detail: expect.stringContaining("exited with code 1") as string,
      }),
    ]);
  });

  it("refuses a policy that it cannot read", async () => {
    const content = { ...contentWith(policy()), policy: { version: 7 } };
    const options = { secrets: () => Promise.resolve(""), tell: () => undefined };
    await expect(judgeHealth("private", content, new LocalTransport(), options)).rejects.toThrow(
      "stored health policy",
    );
  });
});

describe("asProof", () => {
  const proof = asProof(
    policy({
      mode: { kind: "watch", seconds: 300 },
      probes: [
        stateProbe("a/ready", { startPeriodSeconds: 60, successes: 5 }),
        stateProbe("a/errors", { tags: ["watch", "trigger"] }),
        stateProbe("a/steady", { after: ["a/ready", "a/errors"] }),
      ],
      targets: targets({ a: "a-1" }),
    }),
  );

  it("leaves out what is measured over time, and nobody waits for it", () => {
    expect(proof.probes.map(({ name, after }) => [name, after])).toEqual([
      ["a/ready", []],
      ["a/steady", ["a/ready"]],
    ]);
  });

  it("wants one answer, and leaves what was made again its time to start", () => {
    expect(proof.mode).toEqual({ kind: "gate" });
    expect(proof.probes.map(({ successes }) => successes)).toEqual([1, 1]);
    expect(proof.probes[0]).toMatchObject({ name: "a/ready", startPeriodSeconds: 60 });
  });

  it("asks the very release that it was stored with", () => {
    expect(proof.targets).toEqual(targets({ a: "a-1" }));
  });
});
