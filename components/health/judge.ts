import { setMaxListeners } from "node:events";
import type { Answer, Verdict } from "./answer.ts";
import { systemClock, type Clock } from "./clock.ts";
import { describeProbe, isMeasurement } from "./describe.ts";
import { Transcript, type JudgeEvent, type Judgement, type ProbeReport } from "./judgement.ts";
import type { Probe } from "./probe.schema.ts";
import { emptyTally, isWavering, tally, type Tally } from "./tally.ts";

/** Asks a probe once. Faults of the subject are answers; a rejection counts as verdict `error`. */
type Ask = (probe: Probe, signal: AbortSignal) => Promise<Answer>;

export interface JudgeOptions {
  readonly ask: Ask;
  /** What the release before answered, by probe name; its faults are excused. Default: nothing is excused. */
  readonly before?: ReadonlyMap<string, Answer>;
  readonly onEvent?: (event: JudgeEvent) => void;
  readonly clock?: Clock;
  /** Ends the judging; `judge` rejects with its reason. */
  readonly signal?: AbortSignal;
}

/**
 * - `gate`: until every critical probe has passed, or one has failed; `deadlineSeconds` at most, by default the longest
 *   time in which the probes themselves must come to a decision.
 * - `watch`: for `seconds`, in which every probe has to keep passing.
 */
export type JudgeMode =
  | { readonly kind: "gate"; readonly deadlineSeconds?: number | undefined }
  | { readonly kind: "watch"; readonly seconds: number };

/**
 * Until a probe has made up its mind it is asked this often, so that a server that is ready is not kept waiting for the
 * next attempt. Seconds.
 */
const eagerSeconds = 0.5;

/**
 * At a gate, one that has passed is asked only to notice that it no longer does. Asked every second, twenty servers that
 * were ready took so much of two cores that the twenty-first was not. What exits is noticed as before: that asks nobody
 * but the platform. Seconds.
 */
const settledSeconds = 5;

/**
 * Probes that may be asked at the same time. With more, two cores are busy with the asking itself, and what is measured is
 * how long this side took: at 16 the MCP handshakes of a fleet on a cluster took 4 s each, and a good release went back.
 */
const maxConcurrent = 6;

/** Longest time in which a set of probes comes to a decision, answers or not. Seconds. */
export function decisionSeconds(probes: readonly Probe[]): number {
  const byName = new Map(probes.map((probe) => [probe.name, probe]));
  const known = new Map<string, number>();
  const of = (probe: Probe): number => {
    const before = known.get(probe.name);
    if (before !== undefined) return before;
    // A cycle would wait for ever; policies are checked for it.
    known.set(probe.name, 0);
    const attempt = Math.max(probe.intervalSeconds, probe.timeoutSeconds);
    const own = probe.startPeriodSeconds + (probe.retries + probe.successes) * attempt;
    const start = probe.after
      .map((name) => byName.get(name))
      .map((other) => (other ? of(other) : 0));
    const total = Math.max(0, ...start) + own;
    known.set(probe.name, total);
    return total;
  };
  return Math.max(0, ...probes.map(of));
}

/** Drives a set of probes to a verdict, and stops asking as soon as it is certain. */
export async function judge(
  probes: readonly Probe[],
  mode: JudgeMode,
  options: JudgeOptions,
): Promise<Judgement> {
  return new Judge(probes, mode, options).run();
}

interface Course {
  readonly probe: Probe;
  readonly transcript: Transcript;
  tally: Tally;
  /** Milliseconds since the epoch; undefined until it is first asked. */
  begun?: number;
}

class Judge {
  readonly #mode: JudgeMode;
  readonly #options: JudgeOptions;
  readonly #clock: Clock;
  readonly #courses: readonly Course[];
  readonly #byName: ReadonlyMap<string, Course>;
  readonly #certain = new AbortController();
  readonly #begun: number;
  readonly #deadline: number;
  /** The time is up. Told by the timer alone: it may fire a moment before the clock says so. */
  #over = false;
  #asking = 0;
  readonly #queue: (() => void)[] = [];

  constructor(probes: readonly Probe[], mode: JudgeMode, options: JudgeOptions) {
    this.#mode = mode;
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#courses = probes.map((probe) => ({
      probe,
      transcript: new Transcript(),
      tally: emptyTally,
    }));
    this.#byName = new Map(this.#courses.map((course) => [course.probe.name, course]));
    this.#begun = this.#clock.now();
    // A watch that ends in the middle of misses goes on until they are three in a row, or over.
    const longest = decisionSeconds(probes);
    const seconds =
      mode.kind === "gate" ? (mode.deadlineSeconds ?? longest + 5) : mode.seconds + longest;
    this.#deadline = this.#begun + seconds * 1000;
  }

  async run(): Promise<Judgement> {
    const { signal } = this.#options;
    signal?.throwIfAborted();
    const stop = () => this.#certain.abort();
    signal?.addEventListener("abort", stop, { once: true });
    try {
      this.#settle();
      await Promise.all([this.#timeUp(), ...this.#courses.map((course) => this.#follow(course))]);
    } finally {
      signal?.removeEventListener("abort", stop);
    }
    signal?.throwIfAborted();
    return this.#judgement();
  }

  /** Nothing may have answered when time is up. */
  async #timeUp(): Promise<void> {
    const { signal } = this.#certain;
    const ends = [this.#deadline];
    if (this.#mode.kind === "watch") ends.unshift(this.#begun + this.#mode.seconds * 1000);
    for (const end of ends) {
      await this.#pause(end - this.#clock.now());
      if (signal.aborted) return;
      this.#over = true;
      this.#settle();
    }
    this.#certain.abort();
  }

  /** Asks one probe again and again. */
  async #follow(course: Course): Promise<void> {
    const { probe } = course;
    const { signal } = this.#certain;
    while (!signal.aborted && !this.#mayBegin(course)) await this.#pause(100);
    while (!signal.aborted && !isFinal(course.tally)) {
      const started = this.#clock.now();
      course.begun ??= started;
      const answer = await this.#attempt(probe);
      if (answer === undefined) return;
      this.#take(course, answer);
      const seconds = this.#secondsTo(course);
      await this.#pause(started + seconds * 1000 - this.#clock.now());
    }
  }

  /** Until a probe is asked again. */
  #secondsTo(course: Course): number {
    const { intervalSeconds } = course.probe;
    if (isEager(course, this.#clock.now())) return Math.min(eagerSeconds, intervalSeconds);
    const settled =
      this.#mode.kind === "gate" &&
      course.tally.status === "passed" &&
      course.probe.kind !== "state";
    return settled ? Math.max(settledSeconds, intervalSeconds) : intervalSeconds;
  }

  #mayBegin({ probe }: Course): boolean {
    return probe.after.every((name) => {
      const other = this.#byName.get(name);
      return other === undefined || other.tally.status !== "undecided";
    });
  }

  /** One attempt within its time limit; undefined if the verdict came first. */
  async #attempt(probe: Probe): Promise<Answer | undefined> {
    const { signal } = this.#certain;
    await this.#turn();
    const abort = new AbortController();
    const either = AbortSignal.any([signal, abort.signal]);
    // A probe may have many calls under way, and each listens: Node.js would warn of a leak at the eleventh.
    setMaxListeners(0, either);
    const started = this.#clock.now();
    const took = () => this.#clock.now() - started;
    try {
      if (signal.aborted) return undefined;
      const asked = this.#options.ask(probe, either).catch((error: unknown): Answer => ({
        verdict: "error",
        detail: error instanceof Error ? error.message : String(error),
        ms: took(),
      }));
      const late = this.#pause(probe.timeoutSeconds * 1000, abort.signal).then((): Answer => ({
        verdict: isMeasurement(probe) ? "inconclusive" : "fail",
        detail: `${describeProbe(probe)}: no answer within ${probe.timeoutSeconds} s`,
        ms: took(),
      }));
      const answer = await Promise.race([asked, late]);
      return signal.aborted ? undefined : answer;
    } finally {
      abort.abort();
      this.#asking -= 1;
      this.#queue.shift()?.();
    }
  }

  async #turn(): Promise<void> {
    if (this.#asking >= maxConcurrent) {
      await new Promise<void>((resolve) => this.#queue.push(resolve));
    }
    this.#asking += 1;
  }

  #take(course: Course, answer: Answer): void {
    const { probe } = course;
    const now = this.#clock.now();
    const at = new Date(now).toISOString();
    const changed = course.transcript.add(answer, at);
    const before = course.tally;
    const since = (now - (course.begun ?? now)) / 1000;
    const old = this.#options.before?.get(probe.name);
    const rules = this.#mode.kind === "watch" ? { ...probe, successes: 1 } : probe;
    course.tally = tally(before, answer, since, rules, old);
    const { onEvent } = this.#options;
    const { name, subject, critical } = probe;
    onEvent?.({
      kind: "answer",
      at,
      probe: name,
      subject,
      answer,
      changed,
      misses: course.tally.misses,
    });
    if (course.tally.status !== before.status) {
      const { status } = course.tally;
      onEvent?.({
        kind: "decided",
        at,
        probe: name,
        subject,
        critical,
        status,
        detail: status === "excused" ? noteOf(old) : answer.detail,
      });
    }
    this.#settle();
  }

  /** Ends everything if the verdict is certain. */
  #settle(): void {
    if (this.#failing().length > 0 || this.#isDone()) this.#certain.abort();
  }

  #failing(): readonly Course[] {
    return this.#courses.filter(
      ({ probe, tally: { status } }) => probe.critical && status === "failed",
    );
  }

  #isDone(): boolean {
    const critical = this.#courses.filter(({ probe }) => probe.critical);
    if (this.#mode.kind === "watch") {
      return this.#over && critical.every(({ tally }) => !isWavering(tally));
    }
    const others = this.#courses.filter(({ probe }) => !probe.critical);
    return (
      critical.every(({ tally: { status } }) => status === "passed" || status === "excused") &&
      // They decide nothing, but a verdict without them would not be worth reading.
      others.every(({ tally }) => tally.last !== undefined)
    );
  }

  #judgement(): Judgement {
    const failed = this.#failing();
    const blamed =
      failed.length > 0
        ? failed
        : this.#courses.filter(({ probe, tally }) => probe.critical && !isGood(probe, tally));
    const first = blamed[0];
    return {
      verdict: first ? verdictOf(first) : "pass",
      reasons: blamed.map((course) => this.#reason(course)),
      subjects: [...new Set(blamed.map(({ probe }) => probe.subject))],
      startedAt: new Date(this.#begun).toISOString(),
      ms: this.#clock.now() - this.#begun,
      probes: this.#courses.map((course) => this.#report(course)),
    };
  }

  #reason({ probe, tally: { last, misses, status } }: Course): string {
    if (!last) return `${probe.name}: ${describeProbe(probe)} was not answered in time`;
    const times = last.terminal || misses < 2 ? "" : `, ${misses} times in a row`;
    const late = status === "failed" ? "" : " (no decision in time)";
    return `${probe.name}: ${last.detail}${times}${late}`;
  }

  #report(course: Course): ProbeReport {
    const { probe, transcript, tally } = course;
    const { name, subject, kind, critical } = probe;
    return {
      probe: name,
      subject,
      kind,
      critical,
      status: tally.status,
      verdict: verdictOf(course),
      ...(tally.status === "excused" && { note: noteOf(this.#options.before?.get(name)) }),
      attempts: transcript.attempts,
      said: transcript.said,
    };
  }

  /** Sleeps, at most until the verdict is certain. */
  async #pause(ms: number, signal?: AbortSignal): Promise<void> {
    const signals = signal ? [this.#certain.signal, signal] : [this.#certain.signal];
    await this.#clock.sleep(Math.max(0, ms), AbortSignal.any(signals)).catch(() => undefined);
  }
}

function isFinal({ status }: Tally): boolean {
  return status === "failed" || status === "excused";
}

function isEager({ probe, tally, begun }: Course, now: number): boolean {
  if (tally.status === "passed") return false;
  return tally.passes > 0 || (now - (begun ?? now)) / 1000 < probe.startPeriodSeconds;
}

/** At the end: what was never decided counts as its last answer, and no answer counts against it. */
function isGood(probe: Probe, { status, last }: Tally): boolean {
  if (status === "passed" || status === "excused") return true;
  return status === "undecided" && last?.verdict === "inconclusive"
    ? probe.onInconclusive === "pass"
    : false;
}

function verdictOf({ probe, tally }: Course): Verdict {
  if (isGood(probe, tally)) return "pass";
  const last = tally.last?.verdict;
  return last === undefined || last === "pass" ? "inconclusive" : last;
}

function noteOf(before: Answer | undefined): string {
  return `was failing before: ${before?.detail ?? "unknown"}`;
}
