import { setTimeout as delay } from "node:timers/promises";
import type {
  LiveFilesPlace,
  LiveFilesReturn,
  Returned,
  ReturnArgs,
} from "../live-files-return.ts";
import type { Executed } from "../transport.ts";
import type { KubernetesClient } from "./client.ts";
import { execIn } from "./exec.ts";
import type { Pod, Secret, Workload } from "./objects.ts";
import { findWorkload, isRunning, parseHost, podsOf } from "./pods.ts";

/** Hash of the files in a Secret, and in every mounted copy of it. */
const hashAnnotation = "mcp-fleet/files-hash";
const hashFile = ".version";

/** Suffix of the Secret with the version before. */
const previous = "-previous";

/** Folder of the current version, below the place where other platforms mount several. */
const currentFolder = "current";

/** How often the kubelet is asked again for files that it has not brought. Milliseconds. */
const touchMs = 3000;

/**
 * Live files in Secrets: one that the reader's pods mount, one with the version before. See `live-files.ts`, which
 * changes them.
 */
export class SecretFilesReturn implements LiveFilesReturn {
  readonly #client: KubernetesClient;

  constructor(client: KubernetesClient) {
    this.#client = client;
  }

  async currentVersion(place: LiveFilesPlace): Promise<string | undefined> {
    try {
      const workload = await this.#reader(place);
      const secret = await this.#secret(secretOf(workload, place).name);
      return secret?.metadata.annotations?.[hashAnnotation];
    } catch {
      return undefined;
    }
  }

  async returnToPrevious(args: ReturnArgs): Promise<Returned> {
    const started = performance.now();
    const deadline = started + (args.timeoutMs ?? 30_000);
    const workload = await this.#reader(args);
    const { name, container } = secretOf(workload, args);
    const [current, before] = await Promise.all([
      this.#secret(name),
      this.#secret(`${name}${previous}`),
    ]);
    const now = current?.metadata.annotations?.[hashAnnotation];
    const wanted = before?.metadata.annotations?.[hashAnnotation] ?? now;
    const moved = wanted !== now;
    if (moved) await this.#replace(current!, before!, wanted!);

    const pods = (await podsOf(this.#client, workload)).filter((pod) => isRunning(pod, container));
    const answers = await Promise.all(
      pods.map((pod) => this.#takeUp({ pod, container, version: wanted }, args, deadline)),
    );
    return {
      moved,
      inForce: answers.length > 0 && answers.every((inForce) => inForce),
      ms: Math.round(performance.now() - started),
    };
  }

  /** @returns false if the pod has gone; its successor starts with the files. */
  async #takeUp(
    { pod, container, version }: Copy,
    { mountPath, reload, verify }: ReturnArgs,
    deadline: number,
  ): Promise<boolean> {
    const { name } = pod.metadata;
    const ask = (command: readonly string[]) => this.#ask(pod, container, command);
    const late = (what: string) => {
      if (performance.now() > deadline) {
        throw new Error(`${name} has not taken up the version before: ${what.slice(-2000)}`);
      }
    };
    for (let touched = -Infinity; version !== undefined;) {
      const seen = await ask(["cat", `${mountPath}/${currentFolder}/${hashFile}`]);
      if (seen === undefined) return false;
      if (seen.output.trim() === version) break;
      late("the kubelet has not brought its files");
      if (performance.now() - touched > touchMs) {
        touched = performance.now();
        await this.#touch(name, version);
      }
      await delay(100);
    }
    const reloaded = await ask(reload);
    if (reloaded === undefined) return false;
    if (reloaded.code !== 0) {
      throw new Error(`${name} refuses the version before: ${reloaded.output.slice(-2000)}`);
    }
    while (verify !== undefined) {
      const verified = await ask(verify);
      if (verified === undefined) return false;
      if (verified.code === 0) break;
      late(verified.output);
      await delay(100);
    }
    return true;
  }

  /** Undefined if the pod does not run any more. */
  async #ask(
    pod: Pod,
    container: string,
    command: readonly string[],
  ): Promise<Executed | undefined> {
    const { name, uid } = pod.metadata;
    try {
      return await execIn(this.#client, { pod: name, container }, command);
    } catch (error) {
      const path = this.#client.path("v1", "pods", name);
      const now = await this.#client.api.find<Pod>(path);
      const stays = now?.metadata.uid === uid && now !== undefined && isRunning(now, container);
      if (stays && now.metadata.deletionTimestamp === undefined) throw error;
      return undefined;
    }
  }

  /** A kubelet looks after a pod that has changed at once, else about once a minute. */
  async #touch(pod: string, version: string): Promise<void> {
    const annotations = { "mcp-fleet/files-asked": `${version} ${Date.now()}` };
    const path = this.#client.path("v1", "pods", pod);
    await this.#client.api.patch(path, { metadata: { annotations } });
  }

  /** Refused if somebody else has changed it in between. */
  async #replace(current: Secret, before: Secret, version: string): Promise<void> {
    const { name, labels = {}, annotations = {}, resourceVersion } = current.metadata;
    await this.#client.api.put(this.#client.path("v1", "secrets", name), {
      apiVersion: "v1",
      kind: "Secret",
      metadata: {
        ...{ name, labels, resourceVersion },
        annotations: { ...annotations, [hashAnnotation]: version },
      },
      data: before.data,
    });
  }

  #secret(name: string): Promise<Secret | undefined> {
    return this.#client.api.find(this.#client.path("v1", "secrets", name));
  }

  async #reader({ reader }: LiveFilesPlace): Promise<Workload> {
    const { workload } = parseHost(reader);
    const found = await findWorkload(this.#client, workload);
    if (found === undefined) throw new Error(`${workload} does not exist`);
    return found;
  }
}

/** A pod of the reader, and the version that it is to have. */
interface Copy {
  readonly pod: Pod;
  readonly container: string;
  readonly version: string | undefined;
}

/** Secret that a workload mounts at a place, and the container that does. */
export function secretOf(
  { metadata, spec }: Pick<Workload, "metadata" | "spec">,
  { mountPath }: LiveFilesPlace,
): { readonly name: string; readonly container: string } {
  const { containers, volumes = [] } = spec.template.spec;
  const places = [mountPath, `${mountPath}/${currentFolder}`];
  for (const { name: container, volumeMounts = [] } of containers) {
    const mount = volumeMounts.find((one) => places.includes(one.mountPath));
    const secret = volumes.find(({ name }) => name === mount?.name)?.secret?.secretName;
    if (secret !== undefined) return { name: secret, container };
  }
  throw new Error(`${metadata.name} mounts no Secret at ${mountPath}`);
}
