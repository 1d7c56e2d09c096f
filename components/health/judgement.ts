import type { Answer, Verdict } from "./answer.ts";
import type { Status } from "./tally.ts";

/** The same answer, once or several times in a row. */
export interface Said {
  readonly verdict: Verdict;
  readonly detail: string;
  readonly terminal?: boolean;
  /** First and last time, ISO 8601. */
  readonly from: string;
  readonly until: string;
  readonly times: number;
  /** Slowest of them. */
  readonly ms: number;
}

/** Everything that one probe said, and what became of it. */
export interface ProbeReport {
  readonly probe: string;
  readonly subject: string;
  readonly kind: string;
  readonly critical: boolean;
  readonly status: Status;
  /** `inconclusive` also for one that was never asked, because the verdict was certain before. */
  readonly verdict: Verdict;
  /** Why a fault does not count: `was failing before: ...`. */
  readonly note?: string;
  readonly attempts: number;
  /** In order; the first and the last ones, if there were very many. */
  readonly said: readonly Said[];
}

/** The verdict over a set of probes. Plain data, for display and audit. */
export interface Judgement {
  /** `pass`, or why not; of several reasons the first that was certain. */
  readonly verdict: Verdict;
  /** For people, one line each: what decided it. Empty after a plain pass. */
  readonly reasons: readonly string[];
  /** Components that failed it; their logs are worth reading. */
  readonly subjects: readonly string[];
  readonly startedAt: string;
  readonly ms: number;
  readonly probes: readonly ProbeReport[];
}

/** Progress, as it happens. */
export type JudgeEvent =
  | {
      readonly kind: "answer";
      /** ISO 8601. */
      readonly at: string;
      readonly probe: string;
      readonly subject: string;
      readonly answer: Answer;
      /** Whether verdict or detail differ from the answer before. */
      readonly changed: boolean;
      /** In a row. */
      readonly misses: number;
    }
  | {
      readonly kind: "decided";
      readonly at: string;
      readonly probe: string;
      readonly subject: string;
      readonly critical: boolean;
      /** `undecided`: had passed, and is missing again. */
      readonly status: Status;
      readonly detail: string;
    };

/** Distinct answers that are kept of one probe: half from the beginning, half from the end. */
const keptAnswers = 60;

/** Collects what one probe says; the same answer again only counts. */
export class Transcript {
  readonly #said: Said[] = [];
  #attempts = 0;

  get attempts(): number {
    return this.#attempts;
  }

  get said(): readonly Said[] {
    return this.#said;
  }

  /** @returns whether it is another answer than the one before. */
  add(answer: Answer, at: string): boolean {
    this.#attempts += 1;
    const last = this.#said.at(-1);
    if (last?.verdict === answer.verdict && last.detail === answer.detail) {
      this.#said[this.#said.length - 1] = {
        ...last,
        until: at,
        times: last.times + 1,
        ms: Math.max(last.ms, answer.ms),
      };
      return false;
    }
    const { verdict, detail, ms } = answer;
    this.#said.push({
      verdict,
      detail,
      ...(answer.terminal && { terminal: true }),
      from: at,
      until: at,
      times: 1,
      ms,
    });
    if (this.#said.length > keptAnswers) this.#said.splice(keptAnswers / 2, 1);
    return true;
  }
}
