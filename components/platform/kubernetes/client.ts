import { KubernetesApi, KubernetesApiError } from "./api.ts";
import type { ClusterIdentity } from "./cluster-identity.ts";
import { NoClusterError, openKubeConfig, type ClusterAccess } from "./kube-config.ts";
import type { KubeAccess } from "./light-config.ts";

export interface ClientPlace extends ClusterAccess {
  readonly namespace: string;
}

/** Oldest minor version of Kubernetes 1 whose API servers know everything that the fleet asks for. */
const oldestMinor = 31;

/** One namespace of one cluster. */
export class KubernetesClient {
  readonly namespace: string;
  readonly context: string;
  readonly cluster: ClusterIdentity;
  readonly config: KubeAccess;
  readonly api: KubernetesApi;

  private constructor(
    namespace: string,
    { config, context, cluster }: Awaited<ReturnType<typeof openKubeConfig>>,
  ) {
    this.namespace = namespace;
    this.context = context;
    this.cluster = cluster;
    this.config = config;
    this.api = new KubernetesApi(config);
  }

  /** Asks nothing of the cluster yet. @throws with the fix, if there is no way to it. */
  static async open(place: ClientPlace): Promise<KubernetesClient> {
    return new KubernetesClient(place.namespace, await openKubeConfig(place));
  }

  /** @throws with the fix, if no cluster answers within 5 s, it refuses, or it is too old. */
  async ping(): Promise<void> {
    const where = `Kubernetes at ${this.cluster.server} (context ${this.context})`;
    let version: { readonly major: string; readonly minor: string };
    try {
      version = await this.api.get("/version", { timeoutMs: 5000 });
    } catch (error) {
      const message = `${where}: ${describe(error)}`;
      throw answers(error) ? new Error(message) : new NoClusterError(message);
    }
    const minor = Number.parseInt(version.minor, 10);
    if (version.major === "1" && minor < oldestMinor) {
      throw new Error(
        `${where} is version ${version.major}.${version.minor}; upgrade it to 1.${oldestMinor} or newer`,
      );
    }
  }

  /** Path of a kind's objects in the namespace; of one of them, if named. @param namespace default: the client's */
  path(group: string, plural: string, name?: string, namespace = this.namespace): string {
    const root = group.includes("/") ? `/apis/${group}` : `/api/${group}`;
    const all = `${root}/namespaces/${namespace}/${plural}`;
    return name === undefined ? all : `${all}/${encodeURIComponent(name)}`;
  }

  close(): void {
    this.api.close();
  }
}

/** Whether something is there, although it does not answer as it should. */
function answers(error: unknown): boolean {
  return error instanceof KubernetesApiError || isAboutCertificate(error);
}

function isAboutCertificate(error: unknown): boolean {
  const { code = "" } = error as NodeJS.ErrnoException;
  return /CERT|SELF_SIGNED|UNABLE_TO_VERIFY|ERR_TLS/.test(code);
}

/** What a failed question means, and what to do about it. */
function describe(error: unknown): string {
  if (error instanceof KubernetesApiError) {
    return error.status === 401
      ? "it does not accept these credentials; log in again, or correct the user of the context"
      : `it refuses: ${error.message}`;
  }
  const { message, code = "" } = error as NodeJS.ErrnoException;
  if (isAboutCertificate(error)) {
    return `its certificate is not of the authority in the kubeconfig (${message}); fetch the kubeconfig anew`;
  }
  return `none answers (${message || code}); start it, connect to its network, or correct kubernetes.context`;
}
