import { deepEqual, type Properties } from "../../bridge/values.ts";
import { kindOf, pathOf } from "../kinds.ts";
import { member, nameOf, textAt } from "../object.ts";
import type { Readiness, Subject, Watched } from "./readiness.ts";

const CLAIM_MS = 300_000;
const QUOTA_MS = 60_000;

/** An object whose own status says all. */
class ByStatus implements Readiness {
  readonly watched: readonly Watched[];
  readonly timeout: { readonly ms: number; readonly message: string };
  readonly #isReady: (object: Properties) => boolean;
  #object: Properties;

  constructor(
    subject: Subject,
    token: string,
    ms: number,
    isReady: (object: Properties) => boolean,
  ) {
    const name = nameOf(subject.object);
    this.#object = subject.object;
    this.#isReady = isReady;
    this.timeout = { ms, message: `Timeout occurred polling for '${name}'` };
    this.watched = [
      {
        kind: kindOf(token),
        on: ({ type, object }) => {
          if (nameOf(object) === name && type !== "DELETED") this.#object = object;
        },
      },
    ];
  }

  get object(): Properties {
    return this.#object;
  }

  isReady(): boolean {
    return this.#isReady(this.#object);
  }

  reasons(): string[] {
    return [];
  }
}

/** A quota is ready when its controller has taken the limits over. */
export function quotaReadiness(subject: Subject): Readiness {
  return new ByStatus(subject, "kubernetes:core/v1:ResourceQuota", QUOTA_MS, (quota) => {
    const declared = member(quota, "spec", "hard");
    return declared !== undefined && deepEqual(declared, member(quota, "status", "hard"));
  });
}

/** A claim is ready when it is bound; one whose class waits for a pod, when it is pending. */
export function claimReadiness(subject: Subject): Readiness {
  let waitsForPod: boolean | undefined;
  const ask = (storageClass: string) => {
    waitsForPod = false;
    const kind = { apiVersion: "storage.k8s.io/v1", plural: "storageclasses" };
    subject.client.get(pathOf(kind, "", storageClass)).then(
      (found) => {
        waitsForPod = found.volumeBindingMode === "WaitForFirstConsumer";
        subject.later(0, () => undefined);
      },
      (error: Error) =>
        subject.status("warning", `storage class "${storageClass}": ${error.message}`),
    );
  };
  return new ByStatus(subject, "kubernetes:core/v1:PersistentVolumeClaim", CLAIM_MS, (claim) => {
    const phase = textAt(claim, "status", "phase");
    // An update of a bound claim leaves it bound.
    if (subject.last !== undefined && phase === "Bound") return true;
    const storageClass = textAt(claim, "spec", "storageClassName");
    if (waitsForPod === undefined && storageClass !== "") ask(storageClass);
    return phase === (waitsForPod === true ? "Pending" : "Bound");
  });
}
