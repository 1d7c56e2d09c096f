import { isObject, type Properties } from "../../bridge/values.ts";
import type { Event } from "../cluster/informer.ts";
import { kindOf, OBSERVED } from "../kinds.ts";
import { member, nameOf, objectsAt, textAt } from "../object.ts";
import type { Readiness, Subject, Watched } from "./readiness.ts";

/** Endpoints that have changed may go on changing for so long. */
export const SETTLE_MS = 10_000;

/**
 * A Service is ready when its endpoints have settled and none of them is unready, and a load balancer has given it an
 * address. Services without selector, headless ones and mere names have no endpoints to wait for.
 */
export class ServiceReadiness implements Readiness {
  readonly watched: readonly Watched[];
  readonly #subject: Subject;
  readonly #type: string;
  #service: Properties;
  #exists = false;
  #hasEndpoints = false;
  #pending = false;
  #settled: boolean;

  constructor(subject: Subject) {
    this.#subject = subject;
    this.#service = subject.object;
    this.#type = textAt(subject.object, "spec", "type");
    this.#settled = subject.once;
    this.watched = [
      { kind: kindOf("kubernetes:core/v1:Service"), on: (event) => this.#see(event) },
      { kind: OBSERVED.endpoints, on: (event) => this.#seeEndpoints(event) },
    ];
    if (!subject.once) subject.status("info", "[1/3] Finding Pods to direct traffic to");
  }

  get object(): Properties {
    return this.#service;
  }

  isReady(): boolean {
    if (!this.#needsPods()) return this.#isServed();
    const ready = this.#isServed() && this.#settled && !this.#pending;
    if (ready) this.#subject.status("info", "✅ Service initialization complete");
    else if (this.#settled && this.#hasEndpoints) {
      this.#subject.status("info", "[2/3] Attempting to allocate IP address to Service");
    }
    return ready;
  }

  isAcceptable(): boolean {
    return this.#isServed() && !this.#pending;
  }

  reasons(): string[] {
    if (this.#isHeadless() || this.#type === "ExternalName") return [];
    return [
      ...(this.#hasEndpoints
        ? []
        : [
            "Service does not target any Pods. Selected Pods may not be ready, or " +
              "field '.spec.selector' may not match labels on any Pods",
          ]),
      ...(this.#type === "LoadBalancer" && !this.#isServed()
        ? ["Service was not allocated an IP address; does your cloud provider support this?"]
        : []),
    ];
  }

  #see({ type, object }: Event): void {
    if (nameOf(object) !== nameOf(this.#subject.object)) return;
    this.#exists = type !== "DELETED";
    if (this.#exists) this.#service = object;
  }

  #seeEndpoints({ type, object }: Event): void {
    if (nameOf(object) !== nameOf(this.#subject.object)) return;
    if (!this.#subject.once) {
      this.#settled = false;
      this.#subject.later(SETTLE_MS, () => {
        this.#settled = true;
      });
    }
    const subsets = type === "DELETED" ? [] : objectsAt(object, "subsets");
    this.#hasEndpoints = subsets.some((subset) => objectsAt(subset, "addresses").length > 0);
    this.#pending = subsets.some((subset) => objectsAt(subset, "notReadyAddresses").length > 0);
  }

  #isServed(): boolean {
    if (this.#type !== "LoadBalancer") return this.#exists;
    return this.#exists && objectsAt(this.#service, "status", "loadBalancer", "ingress").length > 0;
  }

  #isHeadless(): boolean {
    return textAt(this.#service, "spec", "clusterIP") === "None";
  }

  #needsPods(): boolean {
    const selector = member(this.#service, "spec", "selector");
    const selects = isObject(selector) && Object.keys(selector).length > 0;
    return selects && !this.#isHeadless() && this.#type !== "ExternalName";
  }
}
