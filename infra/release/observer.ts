import type { NewEntry } from "./history.ts";
import type { ReleaseEvent } from "./link.ts";

/** Keeps what a program told of its release. */
export class Observer {
  readonly #forward: (event: ReleaseEvent) => void;
  readonly #phases: [string, number][] = [];
  readonly #gates: NewEntry["gates"][number][] = [];
  readonly #subjects = new Set<string>();
  release: string | undefined;
  transaction: string | undefined;

  constructor(forward: (event: ReleaseEvent) => void) {
    this.#forward = forward;
  }

  readonly onEvent = (event: ReleaseEvent): void => {
    if (event.kind === "begin") {
      this.release = event.release;
      this.transaction = event.transaction;
    }
    if (event.kind === "phase") this.#phases.push([event.phase, Date.now()]);
    if (event.kind === "verdict") {
      const { pass, reasons, probes, subjects } = event.verdict;
      this.#gates.push({ gate: event.gate, pass, reasons, probes });
      for (const subject of subjects) this.#subjects.add(subject);
    }
    this.#forward(event);
  };

  get gates(): NewEntry["gates"] {
    return this.#gates;
  }

  /** What the gates said against the release. */
  get reasons(): readonly string[] {
    return this.#gates.flatMap(({ reasons }) => reasons);
  }

  get subjects(): readonly string[] {
    return [...this.#subjects];
  }

  /** Milliseconds from each phase to the next. */
  timings(begun: number, ended: number): Record<string, number> {
    const marks: [string, number][] = [["prepare", begun], ...this.#phases];
    const timings: Record<string, number> = {};
    marks.forEach(([phase, at], index) => {
      timings[phase] = (timings[phase] ?? 0) + (marks[index + 1]?.[1] ?? ended) - at;
    });
    return timings;
  }
}
