import type { Targets, Transport } from "../platform/transport.ts";
import type { Answer } from "./answer.ts";
import type { Clock } from "./clock.ts";
import { judge } from "./judge.ts";
import type { JudgeEvent, Judgement } from "./judgement.ts";
import type { HealthPolicy } from "./policy.schema.ts";
import type { Probe } from "./probe.schema.ts";
import { Prober } from "./prober.ts";
import type { SecretSource } from "./secrets.ts";

/** How a policy's probes are asked. */
export interface PolicyOptions {
  readonly transport: Transport;
  /** Default: those that the policy was stored with. */
  readonly targets?: Targets;
  readonly secrets?: SecretSource;
  readonly onEvent?: (event: JudgeEvent) => void;
  readonly clock?: Clock;
  readonly signal?: AbortSignal;
}

/** What probes answered, by their names. */
export type Answers = ReadonlyMap<string, Answer>;

/**
 * Asks everything that the policy asks, until the verdict is certain.
 *
 * @param before what the release before answered (`surveyPolicy`); counts only if the policy excuses old faults.
 * @throws the signal's reason; everything else is a verdict.
 */
export function judgePolicy(
  policy: HealthPolicy,
  { before, ...options }: PolicyOptions & { readonly before?: Answers },
): Promise<Judgement> {
  const excused = policy.baseline === "excuse" ? before : undefined;
  return withProber(policy, options, (prober) =>
    judge(policy.probes, policy.mode, {
      ...rest(options),
      ask: prober.ask,
      ...(excused && { before: excused }),
    }),
  );
}

/**
 * Asks the same questions for a while and decides nothing: what is wrong with a release before another one comes.
 *
 * @param seconds how long; at least the time in which misses in a row can be told from a slip.
 * @returns the answers of probes that did not work; those that worked have no entry.
 */
export async function surveyPolicy(
  policy: HealthPolicy,
  options: PolicyOptions,
  seconds = 5,
): Promise<Answers> {
  const probes = policy.probes.map((probe): Probe => ({
    ...probe,
    critical: false,
    startPeriodSeconds: 0,
    after: [],
  }));
  const { probes: reports } = await withProber(policy, options, (prober) =>
    judge(probes, { kind: "watch", seconds }, { ...rest(options), ask: prober.ask }),
  );
  const faults = new Map<string, Answer>();
  for (const { probe, said, status, attempts } of reports) {
    const last = said.at(-1);
    // One slip is no fault: it would excuse the new release from ever working.
    const never = attempts > 1 && said.every(({ verdict }) => verdict !== "pass");
    if (!last || (status !== "failed" && !never)) continue;
    const { verdict, detail, ms, terminal } = last;
    faults.set(probe, { verdict, detail, ms, ...(terminal && { terminal }) });
  }
  return faults;
}

/** The same policy for some components only. */
export function onlySubjects(policy: HealthPolicy, subjects: ReadonlySet<string>): HealthPolicy {
  const probes = policy.probes.filter(({ subject }) => subjects.has(subject));
  const names = new Set(probes.map(({ name }) => name));
  return {
    ...policy,
    probes: probes.map((probe) => ({
      ...probe,
      after: probe.after.filter((name) => names.has(name)),
    })),
  };
}

async function withProber<T>(
  policy: HealthPolicy,
  options: PolicyOptions,
  use: (prober: Prober) => Promise<T>,
): Promise<T> {
  const { transport, secrets, clock } = options;
  // Loading it takes half a second on a busy machine: not within the time of the first attempt.
  if (policy.probes.some(({ kind }) => kind === "mcp")) void import("@modelcontextprotocol/client");
  const prober = new Prober({
    transport,
    targets: options.targets ?? (policy.targets as Targets),
    ...(secrets && { secrets }),
    ...(clock && { clock }),
  });
  try {
    return await use(prober);
  } finally {
    prober.close();
  }
}

function rest({ onEvent, clock, signal }: PolicyOptions) {
  return { ...(onEvent && { onEvent }), ...(clock && { clock }), ...(signal && { signal }) };
}
