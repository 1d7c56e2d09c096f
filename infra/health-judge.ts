import { judgePolicy, type Answers } from "../components/health/run-policy.ts";
import { readPolicy, type HealthPolicy } from "../components/health/policy.schema.ts";
import type { SecretSource } from "../components/health/secrets.ts";
import type { Transport } from "../components/platform/transport.ts";
import type { GateContent } from "./release/records.ts";
import type { GateVerdict } from "./release/gate.ts";
import type { ReleaseEvent } from "./release/link.ts";

export interface HealthJudgeOptions {
  readonly secrets: SecretSource;
  /** What the release before answered to the same probes. */
  readonly before?: Answers;
  readonly tell: (event: ReleaseEvent) => void;
}

/** Asks the probes that lie in a gate; everything that goes wrong on the way is a verdict too. */
export async function judgeHealth(
  gate: string,
  content: GateContent,
  transport: Transport,
  { secrets, before, tell }: HealthJudgeOptions,
): Promise<GateVerdict> {
  const policy = readPolicy(content.policy);
  const passing = new Map(policy.probes.map(({ name }) => [name, false]));
  const judgement = await judgePolicy(policy, {
    transport,
    secrets,
    ...(before && { before }),
    onEvent: (event) => {
      if (event.kind === "answer") {
        const pass = event.answer.verdict === "pass";
        if (passing.get(event.probe) !== pass) {
          passing.set(event.probe, pass);
          tell(standingOf(gate, passing));
        }
      }
      // What says nothing yet, or anew, is in the history; people want to know what counts.
      if (event.kind !== "decided") return;
      if (event.status !== "failed" && event.status !== "excused") return;
      const { probe, subject, status, detail } = event;
      tell({ kind: "answer", probe, subject, verdict: status, detail });
    },
  });
  const { verdict, reasons, subjects, probes } = judgement;
  return { pass: verdict === "pass", reasons, subjects, probes };
}

function standingOf(gate: string, passing: ReadonlyMap<string, boolean>): ReleaseEvent {
  const waiting = [...passing].filter(([, pass]) => !pass).map(([name]) => name);
  const probes = passing.size;
  return { kind: "standing", gate, probes, passing: probes - waiting.length, waiting };
}

/**
 * The same probes for a release that was live before and is returned to: one answer is enough, and what is measured over
 * time has no say. What runs all the while answers at once; what a rollback had to make again has its time to start.
 */
export function asProof(stored: unknown): HealthPolicy {
  const policy = readPolicy(stored);
  const probes = policy.probes.filter(({ tags }) => !tags.includes("trigger"));
  const names = new Set(probes.map(({ name }) => name));
  return {
    ...policy,
    // As long as the probes themselves need: a deadline of its own would cut off a slow start.
    mode: { kind: "gate" },
    probes: probes.map((probe) => ({
      ...probe,
      successes: 1,
      after: probe.after.filter((name) => names.has(name)),
    })),
  };
}
