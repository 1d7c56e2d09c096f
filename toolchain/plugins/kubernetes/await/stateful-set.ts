import type { Properties } from "../../bridge/values.ts";
import type { Event } from "../cluster/informer.ts";
import { kindOf, OBSERVED } from "../kinds.ts";
import { generationOf, isOwnedBy, nameOf, numberAt, textAt } from "../object.ts";
import { podProblems } from "./pods.ts";
import type { Readiness, Subject, Watched } from "./readiness.ts";

/**
 * A StatefulSet is ready when its controller has seen the change, every replica is ready and, unless pods are replaced
 * by hand, of the new revision.
 */
export class StatefulSetReadiness implements Readiness {
  readonly watched: readonly Watched[];
  readonly #subject: Subject;
  readonly #pods = new Map<string, Properties>();
  #set: Properties;
  #generation = 0;
  #observed = false;

  constructor(subject: Subject) {
    this.#subject = subject;
    this.#set = subject.object;
    this.watched = [
      { kind: kindOf("kubernetes:apps/v1:StatefulSet"), on: (event) => this.#see(event) },
      { kind: OBSERVED.pods, on: (event) => this.#seePod(event) },
    ];
  }

  get object(): Properties {
    return this.#set;
  }

  isReady(): boolean {
    const ready = this.#replicasReady() && this.#revisionReady();
    if (ready) this.#subject.status("info", "✅ StatefulSet initialization complete");
    else this.#tellProgress();
    return ready;
  }

  reasons(): string[] {
    const [current, target] = ["currentRevision", "updateRevision"].map((name) =>
      this.#observed ? textAt(this.#set, "status", name) : "",
    );
    return [
      ...(this.#replicasReady()
        ? []
        : [`${this.#count(" out of ")} replicas succeeded readiness checks`]),
      ...(this.#revisionReady()
        ? []
        : [
            `StatefulSet controller failed to advance from revision "${current}" to revision "${target}"`,
          ]),
      ...this.problems(),
    ];
  }

  problems(): string[] {
    return [...this.#pods.values()].flatMap(podProblems);
  }

  #see({ type, object }: Event): void {
    if (nameOf(object) !== nameOf(this.#subject.object)) return;
    this.#observed = false;
    if (type === "DELETED" || generationOf(object) < generationOf(this.#subject.object)) return;
    this.#set = object;
    this.#generation = generationOf(object);
    this.#observed = numberAt(object, "status", "observedGeneration") >= this.#generation;
  }

  #seePod({ type, object }: Event): void {
    if (!isOwnedBy(object, this.#subject.object)) return;
    if (type === "DELETED") this.#pods.delete(nameOf(object));
    else this.#pods.set(nameOf(object), object);
  }

  /** Whether the program's user deletes pods to have them replaced: then there is nothing to roll out. */
  #byHand(): boolean {
    return (
      this.#generation > 1 && textAt(this.#set, "spec", "updateStrategy", "type") === "OnDelete"
    );
  }

  #replicasReady(): boolean {
    if (!this.#observed) return false;
    const wanted = numberAt(this.#set, "spec", "replicas");
    const counts = ["replicas", "readyReplicas", ...(this.#byHand() ? [] : ["currentReplicas"])];
    return counts.every((name) => numberAt(this.#set, "status", name) === wanted);
  }

  #revisionReady(): boolean {
    if (!this.#observed) return false;
    const current = textAt(this.#set, "status", "currentRevision");
    return (
      this.#byHand() ||
      (current !== "" && current === textAt(this.#set, "status", "updateRevision"))
    );
  }

  /** Pods that count: during a rollout, pods of the old revision are ready too. */
  #count(of: string): string {
    const wanted = this.#observed ? numberAt(this.#set, "spec", "replicas") : 0;
    const ready = this.#observed ? numberAt(this.#set, "status", "readyReplicas") : 0;
    const updated = numberAt(this.#set, "status", "updatedReplicas");
    return `${this.#revisionReady() ? ready : Math.min(ready, updated)}${of}${wanted}`;
  }

  #tellProgress(): void {
    if (this.#generation <= 1) {
      const pods = `(${this.#count("/")} Pods ready)`;
      this.#subject.status("info", `[1/2] Waiting for StatefulSet to create Pods ${pods}`);
    } else if (!this.#replicasReady()) {
      const pods = `(${this.#count("/")} Pods ready)`;
      this.#subject.status("info", `[1/3] Waiting for StatefulSet update to roll out ${pods}`);
    } else {
      this.#subject.status(
        "info",
        "[2/3] Waiting for StatefulSet to update .status.currentRevision",
      );
    }
  }
}
