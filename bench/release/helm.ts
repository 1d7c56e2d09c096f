import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { KubernetesClient } from "../../components/platform/kubernetes/client.ts";
import { labelNames } from "../../components/platform/labels.ts";
import type { KubernetesPlace } from "../../infra/platforms/place.ts";
import { startLoad } from "../load/load.ts";
import { rootDir, run, type Ended } from "../stack.ts";
import { releaseCases, type ReleaseCase } from "./cases.ts";
import { parseHistory, podChanges, recordedOf, type PodChanges } from "./helm/outcome.ts";
import type { HelmProgram } from "./helm/program.ts";
import { chartValues, type LivePolicy, type LiveSet } from "./helm/values.ts";
import type { Round } from "./rounds.ts";
import { isGoing, type Pod } from "./stand.ts";

/** One upgrade by Helm; `seconds` of `total` are those until `helm` returned. */
export interface HelmRound extends Round, Pick<PodChanges, "recreated" | "runs"> {
  /** Of the last revision, as Helm records it. */
  readonly status: string;
}

/** A good release, and bad ones that show by the pods alone: of anything else Helm knows nothing. */
export const helmCases: readonly ReleaseCase[] = releaseCases.filter(({ name }) =>
  ["good", "never ready", "server exits"].includes(name),
);

const release = "bench-helm";
/** Of an upgrade, and of its rollback once more. Helm's default is 5 m. */
const upgradeTimeout = "60s";
/** All pods at once on a small machine. */
const installTimeout = "10m";
const settleMs = 120_000;

/**
 * The same servers as Helm runs them: a chart of Deployments and Services, made of what the stack's own pods have, in its
 * namespace and with its database; `helm upgrade --install --atomic` as the deployment.
 */
export class HelmPeer {
  readonly #helm: HelmProgram;
  readonly #place: KubernetesPlace;
  readonly #client: KubernetesClient;
  readonly #stack: string;
  readonly #names: readonly string[];
  readonly #directory = mkdtempSync(join(tmpdir(), "mcp-fleet-bench-"));
  #targets: readonly { readonly name: string; readonly url: string }[] = [];

  private constructor(
    helm: HelmProgram,
    place: KubernetesPlace,
    client: KubernetesClient,
    { stack, names }: { readonly stack: string; readonly names: readonly string[] },
  ) {
    this.#helm = helm;
    this.#place = place;
    this.#client = client;
    this.#stack = stack;
    this.#names = names;
  }

  /** @param of the stack, and the names of its servers. */
  static async open(
    helm: HelmProgram,
    place: KubernetesPlace,
    of: { readonly stack: string; readonly names: readonly string[] },
  ): Promise<HelmPeer> {
    return new HelmPeer(helm, place, await KubernetesClient.open(place), of);
  }

  async start(): Promise<void> {
    // A run that was cut off has left its release.
    await this.#uninstall();
    const { api } = this.#client;
    const path = (group: string, plural: string) => this.#client.path(group, plural);
    const [sets, policies] = await Promise.all([
      api.list<LiveSet>(path("apps/v1", "statefulsets"), {
        query: { labelSelector: `${labelNames.stack}=${this.#stack}` },
      }),
      api.list<LivePolicy>(path("networking.k8s.io/v1", "networkpolicies")),
    ]);
    const values = chartValues(this.#names, sets, policies);
    writeFileSync(this.#values, JSON.stringify(values));
    const { code, stderr } = await this.#upgrade([], installTimeout);
    if (code !== 0) {
      throw new Error(`helm cannot install the servers beside those of the stack:\n${stderr}`);
    }
    this.#targets = await Promise.all(
      Object.entries(values.servers).map(async ([name, { port }]) => {
        const { spec } = await api.get<{ readonly spec: { readonly clusterIP: string } }>(
          this.#client.path("v1", "services", `${release}-${name}`),
        );
        return { name, url: `http://${spec.clusterIP}:${port}/mcp` };
      }),
    );
  }

  /** One upgrade under load; a failed one leaves the release before it, as Helm sees to. */
  async round({ sets, exits }: ReleaseCase, number: number, rate: number): Promise<HelmRound> {
    const before = await this.#settled();
    const last = (await this.#history()).at(-1)!.revision;
    const load = startLoad({ targets: this.#targets, token: "", rate });
    await sleep(2000);
    const began = performance.now();
    const upgrade = await this.#upgrade(sets(number), upgradeTimeout);
    const total = (performance.now() - began) / 1000;
    const ended = Date.now();
    await sleep(2000);
    const { sent, lost, lostBy } = await load.stop();
    const failed = upgrade.code !== 0;
    const recorded = recordedOf(await this.#history(), last, ended);
    const changes = podChanges(before, await this.#pods(), {
      changed: new Set(sets(number).map((set) => set.split(".")[1]!)),
      failed,
    });
    const wrong =
      failed === exits.includes(0) ||
      recorded.status !== "deployed" ||
      changes.runs !== (failed ? "old" : "new");
    if (wrong) console.error(`helm ended with ${upgrade.code}:\n${upgrade.stderr}`);
    return {
      ...{ exit: upgrade.code, wrong, total, sent, lost, lostBy },
      ...{ status: recorded.status, detect: recorded.detect, rollback: recorded.rollback },
      // Its pods never had all of the traffic, and phases of its own it does not tell.
      ...{ back: undefined, overhead: undefined },
      ...changes,
    };
  }

  async stop(): Promise<void> {
    try {
      await this.#uninstall();
    } finally {
      this.#client.close();
      rmSync(this.#directory, { recursive: true, force: true });
    }
  }

  get #values(): string {
    return join(this.#directory, "values.json");
  }

  /** The whole values each time, as from a file under version control. */
  #upgrade(sets: readonly string[], timeout: string): Promise<Ended> {
    const chart = join(rootDir, "bench/release/helm/chart");
    return this.#run(
      ...["upgrade", release, chart, "--install", "--atomic", "--timeout", timeout],
      ...["--values", this.#values, ...sets.flatMap((set) => ["--set-string", set])],
    );
  }

  async #uninstall(): Promise<void> {
    const { code, stderr } = await this.#run(
      ...["uninstall", release, "--ignore-not-found", "--wait", "--timeout", "5m"],
    );
    if (code !== 0) throw new Error(`helm uninstall ended with ${code}:\n${stderr}`);
  }

  async #history() {
    const { code, stdout, stderr } = await this.#run("history", release, "--output", "json");
    if (code !== 0) throw new Error(`helm history ended with ${code}:\n${stderr}`);
    return parseHistory(stdout);
  }

  #run(...args: readonly string[]): Promise<Ended> {
    const { namespace, context, kubeconfig } = this.#place;
    // What the user has set up for helm is not part of the measurement.
    const env = Object.entries(process.env).filter(([name]) => !name.startsWith("HELM_"));
    const homes = ["CACHE", "CONFIG", "DATA"].map((name) => [
      `HELM_${name}_HOME`,
      join(this.#directory, name.toLowerCase()),
    ]);
    return run(
      this.#helm.path,
      [
        ...args,
        ...["--namespace", namespace],
        ...(context === undefined ? [] : ["--kube-context", context]),
        ...(kubeconfig === undefined ? [] : ["--kubeconfig", kubeconfig]),
      ],
      Object.fromEntries([...env, ...homes]) as NodeJS.ProcessEnv,
    );
  }

  #pods(): Promise<readonly Pod[]> {
    return this.#client.api.list<Pod>(this.#client.path("v1", "pods"), {
      query: { labelSelector: `app.kubernetes.io/instance=${release}` },
    });
  }

  /** Pods of the release before may still drain, and take their part of the processor. */
  async #settled(): Promise<readonly Pod[]> {
    const until = Date.now() + settleMs;
    for (;;) {
      const pods = await this.#pods();
      if (!pods.some(isGoing)) return pods;
      if (Date.now() > until) throw new Error(`pods have not gone within ${settleMs / 1000} s`);
      await sleep(1000);
    }
  }
}
