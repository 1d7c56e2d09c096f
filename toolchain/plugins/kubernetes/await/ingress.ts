import type { Properties } from "../../bridge/values.ts";
import type { Event } from "../cluster/informer.ts";
import { kindOf, OBSERVED } from "../kinds.ts";
import { nameOf, objectsAt, textAt } from "../object.ts";
import type { Readiness, Subject, Watched } from "./readiness.ts";
import { SETTLE_MS } from "./service.ts";

/** An Ingress may have nothing to do with endpoints at all: so long is waited to see any. */
const GRACE_MS = 60_000;

/** An Ingress is ready when every path leads to a Service with endpoints, and its controller has given it an address. */
export class IngressReadiness implements Readiness {
  readonly watched: readonly Watched[];
  readonly #subject: Subject;
  readonly #endpoints = new Set<string>();
  readonly #external = new Set<string>();
  #ingress: Properties;
  #exists = false;
  #settled: boolean;
  #seen = false;

  constructor(subject: Subject) {
    this.#subject = subject;
    this.#ingress = subject.object;
    this.#settled = subject.once;
    this.watched = [
      { kind: kindOf("kubernetes:networking.k8s.io/v1:Ingress"), on: (event) => this.#see(event) },
      { kind: kindOf("kubernetes:core/v1:Service"), on: (event) => this.#seeService(event) },
      { kind: OBSERVED.endpoints, on: (event) => this.#seeEndpoints(event) },
    ];
    if (subject.once) return;
    subject.status("info", "[1/3] Finding a matching service for each Ingress path");
    subject.later(GRACE_MS, () => {
      this.#settled ||= !this.#seen;
    });
  }

  get object(): Properties {
    return this.#ingress;
  }

  isReady(): boolean {
    const served = this.#pathsAreServed();
    const ready = served && this.#hasAddress();
    if (ready) this.#subject.status("info", "✅ Ingress initialization complete");
    else if (served) {
      const what = "[2/3] Waiting for update of .status.loadBalancer with hostname/IP";
      this.#subject.status("info", what);
    }
    return ready;
  }

  isAcceptable(): boolean {
    return this.#pathsAreServed() && this.#hasAddress();
  }

  reasons(): string[] {
    return [
      ...(this.#pathsAreServed()
        ? []
        : ["Ingress has at least one rule with an unavailable target endpoint."]),
      ...(this.#hasAddress()
        ? []
        : [
            "Ingress .status.loadBalancer field was not updated with a hostname/IP address. " +
              "\n    for more information about this error, see https://pulumi.io/xdv72s",
          ]),
    ];
  }

  #see({ type, object }: Event): void {
    if (nameOf(object) !== nameOf(this.#subject.object)) return;
    this.#exists = type !== "DELETED";
    if (this.#exists) this.#ingress = object;
  }

  #seeService({ type, object }: Event): void {
    const external = textAt(object, "spec", "type") === "ExternalName" && type !== "DELETED";
    if (external) this.#external.add(nameOf(object));
    else this.#external.delete(nameOf(object));
  }

  #seeEndpoints({ type, object }: Event): void {
    this.#seen = true;
    if (type === "DELETED") this.#endpoints.delete(nameOf(object));
    else this.#endpoints.add(nameOf(object));
    if (this.#subject.once) return;
    this.#settled = false;
    this.#subject.later(SETTLE_MS, () => {
      this.#settled = true;
    });
  }

  #hasAddress(): boolean {
    return this.#exists && objectsAt(this.#ingress, "status", "loadBalancer", "ingress").length > 0;
  }

  /** Once endpoints have settled, a path without any is only warned of: its Service may come later. */
  #pathsAreServed(): boolean {
    const unserved = this.#unservedPaths();
    if (!this.#settled) return unserved.length === 0;
    for (const path of unserved) {
      this.#subject.status("warning", `No matching service found for ingress rule: ${path}`);
    }
    return true;
  }

  #unservedPaths(): string[] {
    return objectsAt(this.#ingress, "spec", "rules").flatMap((rule) =>
      objectsAt(rule, "http", "paths").flatMap((path) => {
        const service = textAt(path, "backend", "service", "name");
        if (service === "" || this.#external.has(service) || this.#endpoints.has(service))
          return [];
        const place = textAt(rule, "host") + textAt(path, "path");
        return [`"${place}"${place === "" ? " (default path)" : ""} -> "${service}"`];
      }),
    );
  }
}
