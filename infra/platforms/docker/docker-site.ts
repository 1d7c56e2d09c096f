import {
  currentVersion,
  returnToPrevious,
} from "../../../components/platform/docker/live-files-return.ts";
import { DockerTransport } from "../../../components/platform/docker/transport.ts";
import type { FleetSpec } from "../../config/index.ts";
import type { EvidenceChoice, KnownResource, OfLabels, Site, StackObject } from "../site.ts";
import { checkContainers } from "./containers.ts";
import { Engine } from "./engine.ts";
import { collectContainers } from "./evidence.ts";
import { findUnknown, foreignObjection, removeOrphans } from "./orphans.ts";
import { stopRestarting } from "./restarting.ts";
import { dataVolumes, removeVolumes } from "./volumes.ts";

/** A stack on the Docker engine that the environment names. */
export class DockerSite implements Site {
  readonly place = { platform: "docker" } as const;
  readonly liveFiles = { currentVersion, returnToPrevious };
  readonly #stack: string;
  readonly #engine = new Engine();

  constructor(stack: string) {
    this.#stack = stack;
  }

  ping() {
    return this.#engine.ping();
  }

  async fit(fleet: FleetSpec, grafana: boolean) {
    const objection = await this.#engine.objection(fleet, this.#stack, grafana);
    return { objection, warnings: [] };
  }

  wantsGrafana(fleet: FleetSpec) {
    return this.#engine.wantsGrafana(fleet);
  }

  baseImage(configured: string | undefined) {
    return this.#engine.baseImage(configured);
  }

  findUnknown(resources: readonly KnownResource[], lineage: string | undefined) {
    return findUnknown(this.#stack, resources, lineage);
  }

  removeOrphans(orphans: readonly StackObject[]) {
    return removeOrphans(orphans);
  }

  foreignObjection(foreign: readonly StackObject[]) {
    return foreignObjection(this.#stack, foreign);
  }

  dataVolumes(resources: readonly KnownResource[]) {
    return dataVolumes(resources);
  }

  removeVolumes(names: readonly string[]) {
    return removeVolumes(names);
  }

  collectEvidence(folder: string, choice: EvidenceChoice) {
    return collectContainers(folder, this.#stack, choice);
  }

  stopFailing(which: OfLabels) {
    return stopRestarting(this.#stack, which);
  }

  checkParts() {
    return checkContainers(this.#stack);
  }

  /** Gateway and consoles publish their ports where the fleet file says. */
  fetch(url: string | URL, init?: RequestInit) {
    return fetch(url, init);
  }

  transport(transaction: string) {
    return new DockerTransport({ stack: this.#stack, transaction });
  }

  close() {
    return Promise.resolve();
  }
}
