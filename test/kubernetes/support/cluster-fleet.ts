import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { clientsOf, type Clients } from "../../../bench/release/rounds.ts";
import { standOf, type Stand } from "../../../bench/release/stand.ts";
import { KubernetesClient } from "../../../components/platform/kubernetes/client.ts";
import { defaultNamespace } from "../../../components/platform/kubernetes/names.ts";
import { prepare } from "../../../toolchain/index.ts";
import {
  type Cluster,
  loadImages,
  startCluster,
  stopCluster,
} from "../../../toolchain/kubernetes/cluster.ts";
import { BUILT_BASE_IMAGE } from "../../../toolchain/versions.ts";
import { E2eFleet } from "../../docker/support/e2e-fleet.ts";

export interface ClusterFleetOptions {
  /**
   * Fleet file; a path relative to the project.
   *
   * @default the ten writing servers
   */
  readonly fleetFile?: string;
  /** Settings `mcp-fleet:kubernetes` beside those that every test needs. */
  readonly kubernetes?: Readonly<Record<string, unknown>>;
}

/** A fleet on a cluster of its own, with everything that the nodes have to pull already there. */
export class ClusterFleet {
  readonly fleet: E2eFleet;
  /** In the fleet's namespace. */
  readonly client: KubernetesClient;
  /** Directory of the cluster. */
  readonly dir: string;
  readonly cluster: Cluster;
  /** References of the project's images, as the nodes have them. */
  readonly images: readonly string[];
  #kubernetes: Readonly<Record<string, unknown>>;
  #stand: Stand | undefined;

  private constructor(
    fleet: E2eFleet,
    client: KubernetesClient,
    place: {
      readonly dir: string;
      readonly cluster: Cluster;
      readonly images: readonly string[];
    },
    kubernetes: Readonly<Record<string, unknown>>,
  ) {
    this.fleet = fleet;
    this.client = client;
    this.dir = place.dir;
    this.cluster = place.cluster;
    this.images = place.images;
    this.#kubernetes = kubernetes;
  }

  static async create(
    log: (line: string) => void,
    { fleetFile, kubernetes: own = {} }: ClusterFleetOptions = {},
  ): Promise<ClusterFleet> {
    const dir = await mkdtemp(join(tmpdir(), "fleet-cluster-"));
    const cluster = await startCluster({ dir, log });
    const { kubeconfig } = cluster;
    await prepare({ log, needs: new Set(["docker", "images"]) });
    const kubernetes = {
      kubeconfig,
      // All of it on a node with two processors.
      cpuRequestPercent: 2,
      storage: { postgresGi: 2, monitoringGi: 1 },
      ...own,
    };
    const fleet = await E2eFleet.create(log, {
      "mcp-fleet:platform": "kubernetes",
      "mcp-fleet:baseImage": BUILT_BASE_IMAGE,
      "mcp-fleet:kubernetes": kubernetes,
    });
    if (fleetFile !== undefined) fleet.useFleetFile(fleetFile);
    const { stdout } = await fleet.must("images");
    const images = stdout.trim().split("\n");
    await loadImages(dir, images);
    const namespace = defaultNamespace(fleet.stack);
    const client = await KubernetesClient.open({ namespace, kubeconfig });
    return new ClusterFleet(fleet, client, { dir, cluster, images }, kubernetes);
  }

  /** Changes settings `mcp-fleet:kubernetes`; the next `up` takes them up. */
  configure(settings: Readonly<Record<string, unknown>>): void {
    this.#kubernetes = { ...this.#kubernetes, ...settings };
    this.fleet.configure({ "mcp-fleet:kubernetes": this.#kubernetes });
  }

  async stand(): Promise<Stand> {
    return (this.#stand ??= await standOf(this.fleet.stack));
  }

  async clients(): Promise<Clients> {
    const { stdout } = await this.fleet.must("outputs", "--json", "--show-secrets");
    return clientsOf(stdout, await this.stand());
  }

  async dispose(): Promise<void> {
    this.#stand?.close();
    this.client.close();
    await this.fleet.dispose();
    await stopCluster(this.dir);
    await rm(this.dir, { recursive: true, force: true });
  }
}
