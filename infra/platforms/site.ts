import type { LiveFilesReturn } from "../../components/platform/live-files-return.ts";
import type { Transport } from "../../components/platform/transport.ts";
import type { FleetSpec } from "../config/index.ts";
import type { ComponentHealth } from "../health/report.ts";
import type { ResourceRecord } from "../release/deployment.ts";
import type { Waits } from "../release/replay.ts";
import type { LastWords } from "../release/run-transaction.ts";
import type { Place } from "./place.ts";

/**
 * The platform under one stack, as the program and the commands see it beside Pulumi's resources: whether it can be
 * reached and bears the fleet, what of the stack is on it, and how to talk to that. One implementation per platform.
 */
export interface Site {
  /** Complete: with everything that finding it once has told. */
  readonly place: Place;

  /** @throws with the fix, if nothing answers within 5 s or it refuses what the fleet needs. */
  ping(): Promise<void>;
  /** What the platform has against the fleet, asked before anything is touched. */
  fit(fleet: FleetSpec, grafana: boolean): Promise<Fit>;
  /** Whether Grafana is part of the fleet: asked for, or `auto` and its image can be had. */
  wantsGrafana(fleet: FleetSpec): Promise<boolean>;
  /** Base of every image that is built. */
  baseImage(configured: string | undefined): Promise<string>;

  /**
   * Objects with the stack's label that its state does not know.
   *
   * @param resources of every state whose objects are known, pending deletions included: those are the engine's to
   *   remove.
   * @param lineage of the state; undefined if it has none yet.
   */
  findUnknown(
    resources: readonly KnownResource[],
    lineage: string | undefined,
  ): Promise<UnknownObjects>;
  /** What is gone already is fine. */
  removeOrphans(orphans: readonly StackObject[]): Promise<void>;
  /** Why a stack cannot be deployed beside objects of another state, and what to do; undefined if there are none. */
  foreignObjection(foreign: readonly StackObject[]): string | undefined;

  /** Names of the volumes that outlive the stack. */
  dataVolumes(resources: readonly KnownResource[]): string[];
  /** Removes volumes for good; one that is gone already is fine. */
  removeVolumes(names: readonly string[]): Promise<void>;

  /** Log and description of each object that runs or ran; one file each. @returns last lines of those that `failed` */
  collectEvidence(folder: string, which: EvidenceChoice): Promise<LastWords[]>;
  /** Stops what is chosen and starts again and again, where the platform does not wait longer each time. */
  stopFailing(which: OfLabels): Promise<void>;
  /** One line per component that is meant to run, judged by the platform. */
  checkParts(): Promise<ComponentHealth[]>;
  /** `fetch` that reaches an address of the stack's outputs from here. */
  fetch(url: string | URL, init?: RequestInit): Promise<Response>;

  /** What has to be waited for when a resource was made or changed again, because its plugin does not; see `Waits`. */
  readonly waits?: Waits;
  /** @param transaction label of what the transport itself starts. */
  transport(transaction: string): Transport;
  readonly liveFiles: LiveFilesReturn;
  /** Ends what `fetch` has opened. */
  close(): Promise<void>;
}

export interface Fit {
  /** One message with everything for which the fleet cannot run here, path and fix; undefined if it can. */
  readonly objection: string | undefined;
  /** What may stand in the way later, and what could not be looked at; a line each. */
  readonly warnings: readonly string[];
}

/** What is read of a resource of a state. */
export type KnownResource = Pick<
  ResourceRecord,
  "urn" | "type" | "id" | "inputs" | "outputs" | "protect"
>;

/** An object on the platform that carries the stack's label. */
export interface StackObject {
  /** The platform's word: `container`, `network`, `StatefulSet` ... */
  readonly kind: string;
  readonly id: string;
  readonly name: string;
  /** Of the state that made it; undefined for helpers that live no longer than a command. */
  readonly lineage: string | undefined;
}

export interface UnknownObjects {
  /** What an interrupted run made and could not record any more. Volumes with data are never among them. */
  readonly orphans: readonly StackObject[];
  /** What another state has: a stack of the same name, deployed to the same platform with another backend. */
  readonly foreign: readonly StackObject[];
}

export type OfLabels = (labels: Readonly<Record<string, string>>) => boolean;

/** By the labels of an object: whose evidence is kept, and whose last lines are shown. */
export interface EvidenceChoice {
  readonly wanted: OfLabels;
  readonly failed: OfLabels;
}
