import type { EngineEvent } from "@pulumi/pulumi/automation/index.js";
import type { ReleaseEvent } from "../release/link.ts";
import { withoutHook } from "../release/run-problems.ts";
import type { UpdateEnd } from "../release/run-transaction.ts";

/**
 * What is said of each step. A replacement is three of them: the engine calls it replaced as soon as the new object is there,
 * while the old one lives on until commit. So a preview says it in one word, and a run says what becomes of each object.
 */
const verbs: Readonly<Record<"preview" | "run", Readonly<Record<string, string>>>> = {
  preview: {
    create: "create",
    update: "update",
    replace: "replace",
    delete: "delete",
    "discard-replaced": "forget",
  },
  run: {
    create: "created",
    "create-replacement": "created",
    update: "updated",
    delete: "deleted",
    "delete-replaced": "deleted",
    "discard-replaced": "forgotten",
  },
};

/** Steps that a person wants to see: real objects, not groups, providers or generated values. */
function isVisible(type: string): boolean {
  return !/^(mcpfleet:|pulumi:|random:)/.test(type);
}

/** What counts as a change and gets no line, by the beginning of its type: a sum without a word of it looks wrong. */
const unlistedKinds: readonly (readonly [type: RegExp, kind: string])[] = [
  [/^pulumi:index:Stash$/, "release record"],
  [/^random:/, "generated value"],
  [/^/, "group or provider"],
];

function subject(type: string, urn: string): string {
  const kind = type.split(/[:/]/).pop() ?? type;
  return `${kind} ${urn.slice(urn.lastIndexOf("::") + 2)}`;
}

/** Turns engine events into plain lines: one when a step has ended, one per problem. */
export class Progress {
  readonly #write: (line: string) => void;
  readonly #preview: boolean;
  readonly #started = Date.now();
  readonly #steps = new Map<string, number>();
  readonly #problems: string[] = [];
  readonly #done: string[] = [];
  readonly #show: ((text: string | undefined) => void) | undefined;
  readonly #running = new Map<string, string>();
  #timer: NodeJS.Timeout | undefined;
  #phase = "prepare";
  #standing: Standing | undefined;
  #changes = 0;
  /** Kind -> URNs. */
  readonly #unlisted = new Map<string, Set<string>>();

  /** @param show draws one line about what goes on right now; given on a terminal, and only for a run. */
  constructor(
    write: (line: string) => void,
    mode: "preview" | "run",
    show?: (text: string | undefined) => void,
  ) {
    this.#write = write;
    this.#preview = mode === "preview";
    this.#show = show;
  }

  /** Nothing goes on any more. */
  close(): void {
    clearInterval(this.#timer);
    this.#show?.(undefined);
  }

  /** Steps other than "unchanged", generated values included. */
  get changes(): number {
    return this.#changes;
  }

  /** Of the changes, those that no line was for, in brackets; empty if there are none. */
  get unlisted(): string {
    const counts = unlistedKinds.flatMap(([, kind]) => {
      const { size } = this.#unlisted.get(kind) ?? { size: 0 };
      return size > 0 ? [`${size} x ${kind}`] : [];
    });
    return counts.length > 0 ? ` (not listed: ${counts.join(", ")})` : "";
  }

  /** Errors that the engine and the program reported. */
  get problems(): readonly string[] {
    return this.#problems;
  }

  readonly onEvent = (event: EngineEvent): void => {
    const before = event.resourcePreEvent?.metadata;
    if (before && before.op !== "same" && before.op !== "refresh" && before.op !== "read") {
      this.#changes += before.type.startsWith("pulumi:pulumi:Stack") ? 0 : 1;
      this.#steps.set(before.urn + before.op, Date.now());
      if (isVisible(before.type)) this.#running.set(before.urn, subject(before.type, before.urn));
      else this.#leaveOut(before);
      const verb = this.#preview && isVisible(before.type) && this.#verbOf(before);
      if (verb) this.#write(`  ${verb} ${subject(before.type, before.urn)}${diffOf(before)}`);
    }
    const after = event.resOutputsEvent?.metadata;
    if (after) this.#running.delete(after.urn);
    const done = after && verbs.run[after.op];
    if (done && !this.#preview && isVisible(after.type)) {
      const since = this.#steps.get(after.urn + after.op);
      const took = since ? ` in ${((Date.now() - since) / 1000).toFixed(1)} s` : "";
      this.#write(
        `${this.#clock()} ${done} ${subject(after.type, after.urn)}${this.#besideOld(after)}${took}`,
      );
    }
    if (done) {
      this.#done.push(
        `${after.op} ${after.type} ${after.urn.slice(after.urn.lastIndexOf("::") + 2)}`,
      );
    }
    const failed = event.resOpFailedEvent?.metadata;
    if (failed) this.#running.delete(failed.urn);
    if (failed) this.#write(`${this.#clock()} FAILED ${subject(failed.type, failed.urn)}`);
    const diagnostic = event.diagnosticEvent;
    // What the program announces; warnings of the engine are about its own set-up.
    // Plugins say what they wait for in messages that are meant to be overwritten.
    if (diagnostic?.severity === "info" && !diagnostic.ephemeral && !this.#preview)
      this.#write(`${this.#clock()} ${plain(diagnostic.message).trim()}`);
    if (diagnostic && (diagnostic.severity === "error" || diagnostic.severity === "info#err")) {
      const text = withoutHook(plain(diagnostic.message).trim());
      if (text && !/^update failed$/i.test(text)) this.#problems.push(text);
    }
    this.#draw();
  };

  /** What the program tells of its release. */
  readonly onRelease = (event: ReleaseEvent): void => {
    if (event.kind === "phase") {
      this.#phase = event.phase;
      this.#standing = undefined;
      // What the failed update had begun ends with it.
      if (event.phase === "rollback") this.#running.clear();
    }
    if (event.kind === "standing") this.#standing = event;
    const line = describeRelease(event);
    if (line !== undefined) this.#write(`${this.#clock()} ${line}`);
    this.#draw();
  };

  /** The run as the release engine keeps it. */
  end(how: Pick<UpdateEnd, "ok" | "interrupted" | "changes">): UpdateEnd {
    const changes = Object.entries(how.changes).filter(([op]) => op !== "same");
    return {
      ...how,
      changes: Object.fromEntries(changes),
      problems: [...new Set(this.#problems)],
      steps: this.#done,
    };
  }

  #leaveOut({ type, urn }: { readonly type: string; readonly urn: string }): void {
    const [, kind] = unlistedKinds.find(([ofType]) => ofType.test(type))!;
    this.#unlisted.set(kind, (this.#unlisted.get(kind) ?? new Set()).add(urn));
  }

  /** Undefined for what is not said. */
  #verbOf({ op, urn }: Step): string | undefined {
    // What an earlier update has left behind, or has to make room.
    if (op === "delete-replaced" && !this.#steps.has(`${urn}replace`)) return verbs.preview.delete;
    return verbs.preview[op];
  }

  #besideOld({ op, urn }: Step): string {
    const goesFirst = this.#steps.has(`${urn}delete-replaced`);
    return op === "create-replacement" && !goesFirst ? " beside the old one" : "";
  }

  #draw(): void {
    if (!this.#show) return;
    // The time goes on where nothing else happens.
    this.#timer ??= setInterval(() => this.#draw(), 1000).unref();
    const now = this.#standing
      ? standingLine(this.#standing)
      : someOf([...this.#running.values()], 3);
    this.#show(`${this.#clock()} ${this.#phase.toUpperCase().padEnd(8)} ${now}`.trimEnd());
  }

  #clock(): string {
    return `${((Date.now() - this.#started) / 1000).toFixed(0).padStart(4)}s`;
  }
}

interface Step {
  readonly op: string;
  readonly urn: string;
}

type Standing = Extract<ReleaseEvent, { kind: "standing" }>;

function standingLine({ probes, passing, waiting }: Standing): string {
  const rest = waiting.length > 0 ? `, waiting for ${someOf(waiting, 3)}` : "";
  return `${passing} of ${probes} probes pass${rest}`;
}

function someOf(names: readonly string[], count: number): string {
  const more = names.length > count ? ` and ${names.length - count} more` : "";
  return `${names.slice(0, count).join(", ")}${more}`;
}

function diffOf(step: { readonly diffs?: readonly string[] | undefined }): string {
  return step.diffs && step.diffs.length > 0 ? ` (${[...step.diffs].sort().join(", ")})` : "";
}

const phaseNames: Readonly<Record<string, string>> = {
  gate: "GATE    the new servers are asked directly, traffic is still with the old ones",
  switch: "SWITCH  traffic moves to the new servers",
  watch: "WATCH   the new release under traffic",
  back: "BACK    traffic is with the old servers again",
  drain: "DRAIN   calls and sessions of the old servers end",
  rollback: "ROLLBACK what the new release made is removed, and the old one asked whether it works",
  commit: "COMMIT  the new release is live; what only the old one used is removed",
};

function describeRelease(event: ReleaseEvent): string | undefined {
  if (event.kind === "begin") return `release ${event.release}, transaction ${event.transaction}`;
  if (event.kind === "phase") {
    const { phase, detail } = event;
    return detail === undefined ? phaseNames[phase] : `${phase.toUpperCase().padEnd(7)} ${detail}`;
  }
  if (event.kind === "standing") return undefined;
  if (event.kind === "answer") return `  ${event.probe}: ${event.verdict}: ${event.detail}`;
  const { pass, reasons } = event.verdict;
  return pass ? undefined : `gate ${event.gate} FAILED: ${reasons.join("; ")}`;
}

/** The engine marks colours as `<{%fg 1%}>`. */
function plain(text: string): string {
  return text.replaceAll(/<\{%.*?%\}>/g, "");
}
