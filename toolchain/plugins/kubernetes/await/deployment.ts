import { isObject, type Properties } from "../../bridge/values.ts";
import type { Event } from "../cluster/informer.ts";
import { kindOf, OBSERVED } from "../kinds.ts";
import {
  conditionOf,
  generationOf,
  isOwnedBy,
  member,
  nameOf,
  numberAt,
  objectsAt,
  textAt,
} from "../object.ts";
import { podProblems } from "./pods.ts";
import type { Readiness, Subject, Watched } from "./readiness.ts";

const REVISION = "deployment.kubernetes.io/revision";

/**
 * A Deployment is ready when its controller has seen the change, it is available, the ReplicaSet of its revision has
 * all pods ready, and the claims that it mounts are bound; after the first revision also when it has rolled out.
 */
export class DeploymentReadiness implements Readiness {
  readonly watched: readonly Watched[];
  readonly #subject: Subject;
  readonly #replicaSets = new Map<string, Properties>();
  readonly #pods = new Map<string, Properties>();
  readonly #claims = new Map<string, Properties>();
  #deployment: Properties;
  /** Whether the controller has answered the change at least once: until then, the status is an old one. */
  #reconciled: boolean;

  constructor(subject: Subject) {
    this.#subject = subject;
    this.#deployment = subject.object;
    this.#reconciled = subject.once;
    this.watched = [
      { kind: kindOf("kubernetes:apps/v1:Deployment"), on: (event) => this.#see(event) },
      { kind: OBSERVED.replicaSets, on: keep(this.#replicaSets) },
      { kind: OBSERVED.pods, on: keep(this.#pods) },
      { kind: kindOf("kubernetes:core/v1:PersistentVolumeClaim"), on: keep(this.#claims) },
    ];
  }

  get object(): Properties {
    return this.#deployment;
  }

  isReady(): boolean {
    if (!this.#reconciled) return false;
    this.#tellProgress();
    const ready =
      this.#isAvailable() &&
      (this.#revision === "1" || this.#hasRolledOut()) &&
      this.#replicaSetIsReady() &&
      this.#unboundClaims().length === 0;
    if (ready) this.#subject.status("info", "✅ Deployment initialization complete");
    return ready;
  }

  reasons(): string[] {
    const unbound = this.#unboundClaims();
    return [
      ...this.#conditionErrors(),
      ...(unbound.length > 0
        ? [`Failed to bind PersistentVolumeClaim(s): "${unbound.join(",")}"`]
        : []),
      ...this.#missing(),
      ...this.problems(),
    ];
  }

  problems(): string[] {
    const current = this.#replicaSet();
    return [...this.#pods.values()].filter((pod) => isOwnedBy(pod, current)).flatMap(podProblems);
  }

  #see({ type, object }: Event): void {
    if (nameOf(object) !== nameOf(this.#subject.object) || type === "DELETED") return;
    if (generationOf(object) < generationOf(this.#subject.object)) return;
    this.#reconciled ||= numberAt(object, "status", "observedGeneration") === generationOf(object);
    if (!this.#reconciled) return;
    this.#deployment = object;
    for (const error of this.#conditionErrors()) this.#subject.status("warning", error);
  }

  get #revision(): string {
    return textAt(this.#deployment, "metadata", "annotations", REVISION);
  }

  /** The ReplicaSet that the Deployment is rolling out. */
  #replicaSet(): Properties | undefined {
    const revision = this.#revision;
    return [...this.#replicaSets.values()].find(
      (set) =>
        isOwnedBy(set, this.#subject.object) &&
        revision !== "" &&
        textAt(set, "metadata", "annotations", REVISION) === revision,
    );
  }

  #isAvailable(): boolean {
    return conditionOf(this.#deployment, "Available")?.status === "True";
  }

  #hasRolledOut(): boolean {
    const progressing = conditionOf(this.#deployment, "Progressing");
    return progressing?.status === "True" && progressing.reason === "NewReplicaSetAvailable";
  }

  #replicaSetIsReady(): boolean {
    const set = this.#replicaSet();
    if (set === undefined) return false;
    return numberAt(set, "status", "readyReplicas") >= wantedReplicas(set);
  }

  #conditionErrors(): string[] {
    return ["Progressing", "Available"].flatMap((type) => {
      const condition = conditionOf(this.#deployment, type);
      if (condition === undefined || condition.status === "True") return [];
      return [`[${textAt(condition, "reason")}] ${textAt(condition, "message")}`];
    });
  }

  #missing(): string[] {
    if (!this.#isAvailable()) return ["Minimum number of live Pods was not attained"];
    const few = "Minimum number of Pods to consider the application live was not attained";
    if (this.#revision !== "1" && !this.#hasRolledOut()) return [few];
    if (this.#replicaSetIsReady()) return [];
    return this.#revision === "1"
      ? [few]
      : [
          "Attempted to roll forward to new ReplicaSet, but minimum number of Pods did not become live",
        ];
  }

  #unboundClaims(): string[] {
    const mounted = objectsAt(this.#deployment, "spec", "template", "spec", "volumes").map(
      (volume) => member(volume, "persistentVolumeClaim", "claimName"),
    );
    return [...this.#claims.values()]
      .filter((claim) => mounted.includes(nameOf(claim)))
      .filter((claim) => textAt(claim, "status", "phase") !== "Bound")
      .map(nameOf);
  }

  #tellProgress(): void {
    const set = this.#replicaSet();
    if (set === undefined || this.#replicaSetIsReady()) return;
    const count = `${numberAt(set, "status", "readyReplicas")}/${wantedReplicas(set)}`;
    this.#subject.status(
      "info",
      `Waiting for app ReplicaSet to be available (${count} Pods available)`,
    );
  }
}

/** Of the live ReplicaSet, which somebody may have scaled. */
function wantedReplicas(set: Properties): number {
  return isObject(set.spec) && set.spec.replicas !== undefined
    ? numberAt(set, "spec", "replicas")
    : 1;
}

function keep(objects: Map<string, Properties>) {
  return ({ type, object }: Event) => {
    const uid = textAt(object, "metadata", "uid");
    if (type === "DELETED") objects.delete(uid);
    else objects.set(uid, object);
  };
}
