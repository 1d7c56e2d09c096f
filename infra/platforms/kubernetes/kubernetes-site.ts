import { KubernetesClient } from "../../../components/platform/kubernetes/client.ts";
import {
  kubernetesSchema,
  type KubernetesSettings,
} from "../../../components/platform/kubernetes/kubernetes.schema.ts";
import { SecretFilesReturn } from "../../../components/platform/kubernetes/live-files-return.ts";
import { closePodSockets } from "../../../components/platform/kubernetes/streams.ts";
import { isAwaitedByUs, untilReadyAs } from "../../../components/platform/kubernetes/awaiting.ts";
import { KubernetesTransport } from "../../../components/platform/kubernetes/transport.ts";
import type { FleetSpec } from "../../config/index.ts";
import type { ResourceRecord } from "../../release/deployment.ts";
import type { KubernetesPlace } from "../place.ts";
import type { EvidenceChoice, KnownResource, Site, StackObject } from "../site.ts";
import { officialBaseImage } from "./base-image.ts";
import { collectPods } from "./evidence.ts";
import { wantsGrafana } from "./grafana.ts";
import { fitOf } from "./fit/fit.ts";
import { findUnknown, foreignObjection, removeOrphans } from "./orphans.ts";
import { checkPods } from "./parts.ts";
import { Reach } from "./reach.ts";
import { dataVolumes, removeVolumes } from "./volumes.ts";

/** A stack in a namespace of a cluster. */
export class KubernetesSite implements Site {
  readonly place: KubernetesPlace;
  readonly liveFiles: SecretFilesReturn;
  readonly #client: KubernetesClient;
  readonly #stack: string;
  readonly #settings: KubernetesSettings;
  readonly #reach: Reach;

  private constructor(
    client: KubernetesClient,
    place: KubernetesPlace,
    stack: string,
    settings: KubernetesSettings,
  ) {
    const { context, cluster } = client;
    this.place = { ...place, context, cluster };
    this.liveFiles = new SecretFilesReturn(client);
    this.#client = client;
    this.#stack = stack;
    this.#settings = settings;
    this.#reach = new Reach(new KubernetesTransport(client));
  }

  /** @throws with the fix, if there is no way to the cluster. */
  static async open(
    place: KubernetesPlace,
    stack: string,
    settings: KubernetesSettings = kubernetesSchema.parse({}),
  ): Promise<KubernetesSite> {
    return new KubernetesSite(await KubernetesClient.open(place), place, stack, settings);
  }

  ping() {
    return this.#client.ping();
  }

  fit(fleet: FleetSpec, grafana: boolean) {
    const [client, stack, settings] = [this.#client, this.#stack, this.#settings];
    return fitOf({ client, stack, settings, fleet, grafana });
  }

  async wantsGrafana(fleet: FleetSpec) {
    if (this.#settings.monitoring.existing) return false;
    return wantsGrafana(this.#client, fleet);
  }

  baseImage(configured: string | undefined) {
    return Promise.resolve(configured ?? officialBaseImage);
  }

  findUnknown(resources: readonly KnownResource[], lineage: string | undefined) {
    return findUnknown(this.#client, this.#stack, resources, lineage);
  }

  removeOrphans(orphans: readonly StackObject[]) {
    return removeOrphans(this.#client, orphans);
  }

  foreignObjection(foreign: readonly StackObject[]) {
    return foreignObjection(this.#client, this.#stack, foreign);
  }

  dataVolumes(resources: readonly KnownResource[]) {
    return dataVolumes(resources);
  }

  removeVolumes(names: readonly string[]) {
    return removeVolumes(this.#client, this.#stack, names);
  }

  collectEvidence(folder: string, choice: EvidenceChoice) {
    return collectPods(this.#client, this.#stack, folder, choice);
  }

  /** The kubelet waits 10 s before it starts a container again, and twice as long each time. */
  stopFailing() {
    return Promise.resolve();
  }

  checkParts() {
    return checkPods(this.#client, this.#stack);
  }

  fetch(url: string | URL, init?: RequestInit) {
    return this.#reach.fetch(url, init);
  }

  waits({ type, inputs }: ResourceRecord) {
    const workload = /^kubernetes:apps\/v1:(Deployment|StatefulSet)$/.test(type);
    if (!workload || !isAwaitedByUs(inputs)) return undefined;
    return (made: unknown) => untilReadyAs(made, this.place);
  }

  transport() {
    return new KubernetesTransport(this.#client);
  }

  async close() {
    await this.#reach.close();
    closePodSockets();
    this.#client.close();
  }
}
