import type { Properties } from "../../bridge/values.ts";
import type { Event } from "../cluster/informer.ts";
import { kindOf, OBSERVED } from "../kinds.ts";
import {
  conditionOf,
  displayName,
  isOwnedBy,
  member,
  nameOf,
  numberAt,
  textAt,
} from "../object.ts";
import { podProblems } from "./pods.ts";
import type { Readiness, Subject, Watched } from "./readiness.ts";

/** Ends of a Job that no further attempt follows. */
const FINAL = ["BackoffLimitExceeded", "DeadlineExceeded"];

/** A Job is ready when it has succeeded. */
export class JobReadiness implements Readiness {
  readonly watched: readonly Watched[];
  readonly #subject: Subject;
  /** In the order in which they came up; a pod that has gone was a problem nevertheless. */
  readonly #problems = new Set<string>();
  #job: Properties;

  constructor(subject: Subject) {
    this.#subject = subject;
    this.#job = subject.object;
    this.watched = [
      { kind: kindOf("kubernetes:batch/v1:Job"), on: (event) => this.#see(event) },
      { kind: OBSERVED.pods, on: (event) => this.#seePod(event) },
    ];
  }

  get object(): Properties {
    return this.#job;
  }

  isReady(): boolean {
    return (
      member(this.#job, "status", "startTime") !== undefined &&
      conditionOf(this.#job, "Complete")?.status === "True"
    );
  }

  hasFailed(): boolean {
    return this.#failure() !== undefined;
  }

  reasons(): string[] {
    return [...this.#problems];
  }

  #failure(): string | undefined {
    const failed = conditionOf(this.#job, "Failed");
    const reason = failed === undefined ? "" : textAt(failed, "reason");
    if (failed?.status !== "True" || !FINAL.includes(reason)) return undefined;
    return `[${reason}] ${textAt(failed, "message")}`;
  }

  #see({ type, object }: Event): void {
    if (nameOf(object) !== nameOf(this.#subject.object) || type === "DELETED") return;
    this.#job = object;
    const failure = this.#failure();
    if (failure !== undefined) this.#problems.add(failure);
    const name = `Job "${displayName(object)}"`;
    this.#subject.status("info", `Waiting for ${name} to start`);
    if (member(object, "status", "startTime") === undefined) return;
    const [active, succeeded, ended] = ["active", "succeeded", "failed"].map((count) =>
      numberAt(object, "status", count),
    );
    const counts = `(Active: ${active} | Succeeded: ${succeeded} | Failed: ${ended})`;
    this.#subject.status("info", `Waiting for ${name} to succeed ${counts}`);
  }

  #seePod({ object }: Event): void {
    if (!isOwnedBy(object, this.#subject.object)) return;
    for (const problem of podProblems(object)) {
      this.#problems.add(problem);
      // Every pod is unready for a while.
      if (!problem.includes("containers with unready status"))
        this.#subject.status("warning", problem);
    }
  }
}
