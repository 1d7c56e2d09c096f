import type { Answer } from "../../../components/health/answer.ts";
import { judge, type JudgeMode, type JudgeOptions } from "../../../components/health/judge.ts";
import type { JudgeEvent } from "../../../components/health/judgement.ts";
import { probeSchema, type Probe } from "../../../components/health/probe.schema.ts";
import { VirtualClock } from "./virtual-clock.ts";

export const pass: Answer = { verdict: "pass", detail: "works", ms: 5 };
export const miss: Answer = { verdict: "fail", detail: "connection refused", ms: 5 };
export const exited: Answer = {
  verdict: "fail",
  detail: "ended with code 1",
  terminal: true,
  ms: 5,
};
export const silent: Answer = { verdict: "inconclusive", detail: "no samples", ms: 5 };

export function probe(name: string, settings: Partial<Probe> = {}): Probe {
  const [subject] = name.split("/");
  return probeSchema.parse({ kind: "tcp", port: 1, name, subject, ...settings });
}

export type Behaviour = (seconds: number, attempt: number) => Answer | "hangs";

/** Judges in virtual time; every probe answers as its behaviour says, at the moment it is asked. */
export async function run(
  mode: JudgeMode,
  probes: readonly Probe[],
  behaviours: Readonly<Record<string, Behaviour>>,
  options: Partial<JudgeOptions> = {},
) {
  const clock = new VirtualClock();
  const events: JudgeEvent[] = [];
  const attempts = new Map<string, number>();
  const judged = judge(probes, mode, {
    clock,
    onEvent: (event) => events.push(event),
    ask: ({ name }, signal) => {
      const attempt = attempts.get(name) ?? 0;
      attempts.set(name, attempt + 1);
      const answer = behaviours[name]!(clock.seconds, attempt);
      if (answer !== "hangs") return Promise.resolve(answer);
      return new Promise((_resolve, reject) =>
        signal.addEventListener("abort", () => reject(signal.reason as Error)),
      );
    },
    ...options,
  });
  const judgement = await clock.run(judged);
  return { judgement, events, attempts, seconds: clock.seconds };
}

export const gate = { kind: "gate" } as const;
export const watch = (seconds: number) => ({ kind: "watch", seconds }) as const;
export const from =
  (second: number, then: Answer = pass, first: Answer = miss): Behaviour =>
  (seconds) =>
    seconds >= second ? then : first;
