import { PassThrough } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import {
  CoreV1Api,
  Exec,
  type KubeConfig,
  type V1Pod,
  type V1PodSpec,
  type V1Status,
} from "@kubernetes/client-node";
import { BOX_IMAGE } from "../../../toolchain/kubernetes/versions.ts";

const POLL_MS = 200;

/** Asks until the answer is not undefined; throws with what it waited for when the time is over. */
export async function eventually<T>(
  what: string,
  seconds: number,
  ask: () => Promise<T | undefined>,
): Promise<T> {
  let last = "";
  for (const until = Date.now() + seconds * 1000; Date.now() < until; await sleep(POLL_MS)) {
    try {
      const answer = await ask();
      if (answer !== undefined) return answer;
    } catch (error) {
      last = (error as Error).message;
    }
  }
  throw new Error(`${what}: not within ${seconds} s${last === "" ? "" : `: ${last}`}`);
}

/** A pod that passes the `restricted` level and runs the box image with `args`. */
export function boxPod(
  name: string,
  labels: Readonly<Record<string, string>>,
  args: readonly string[],
  more: {
    readonly image?: string;
    readonly volumes?: V1PodSpec["volumes"];
    readonly mount?: string;
  } = {},
): V1Pod {
  return {
    metadata: { name, labels: { ...labels } },
    spec: {
      automountServiceAccountToken: false,
      terminationGracePeriodSeconds: 1,
      restartPolicy: "Never",
      securityContext: {
        runAsNonRoot: true,
        runAsUser: 10001,
        fsGroup: 10001,
        seccompProfile: { type: "RuntimeDefault" },
      },
      containers: [
        {
          name: "box",
          image: more.image ?? BOX_IMAGE,
          imagePullPolicy: "Never",
          args: [...args],
          ports: [{ name: "http", containerPort: 8080 }],
          resources: { requests: { cpu: "50m", memory: "16Mi" } },
          securityContext: {
            allowPrivilegeEscalation: false,
            capabilities: { drop: ["ALL"] },
            readOnlyRootFilesystem: true,
          },
          ...(more.mount === undefined
            ? {}
            : { volumeMounts: [{ name: "data", mountPath: more.mount }] }),
        },
      ],
      ...(more.volumes === undefined ? {} : { volumes: more.volumes }),
    },
  };
}

/** Pods of one namespace, for tests. */
export class Pods {
  readonly core: CoreV1Api;
  readonly namespace: string;
  private readonly exec: Exec;

  constructor(config: KubeConfig, namespace: string) {
    this.core = config.makeApiClient(CoreV1Api);
    this.exec = new Exec(config);
    this.namespace = namespace;
  }

  /** Creates a pod and waits until it runs; its address is returned. */
  async run(pod: V1Pod): Promise<string> {
    const { namespace } = this;
    await this.core.createNamespacedPod({ namespace, body: pod });
    const name = pod.metadata?.name ?? "";
    return eventually(`pod ${name} runs`, 60, async () => {
      const { status } = await this.core.readNamespacedPod({ namespace, name });
      return status?.phase === "Running" ? status.podIP : undefined;
    });
  }

  /** Waits until a pod has ended well. */
  async finished(name: string): Promise<void> {
    const { namespace } = this;
    await eventually(`pod ${name} succeeds`, 60, async () => {
      const { status } = await this.core.readNamespacedPod({ namespace, name });
      if (status?.phase === "Failed") throw new Error(`pod ${name} failed`);
      return status?.phase === "Succeeded" ? true : undefined;
    });
  }

  /** Runs one of the box's programs in a pod and returns what it prints. */
  async box(name: string, ...args: readonly string[]): Promise<string> {
    const out = new PassThrough();
    let text = "";
    out.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
    await new Promise<void>((resolve, reject) => {
      const done = (status: V1Status): void => {
        if (status.status === "Success") resolve();
        else reject(new Error(`${args.join(" ")}: ${status.message ?? "failed"}: ${text}`));
      };
      this.exec
        .exec(this.namespace, name, "box", ["/box", ...args], out, out, null, false, done)
        .catch(reject);
    });
    return text.trim();
  }
}
