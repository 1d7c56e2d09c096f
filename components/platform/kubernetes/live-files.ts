import * as pulumi from "@pulumi/pulumi";

/**
 * Files of a workload that reads them again on demand: a Secret that is changed in place and mounted as a whole.
 *
 * A dynamic resource, because a Secret resource alone neither asks the reader whether it would take the files, nor makes
 * the kubelet bring them at once (it comes by every minute), nor reloads. Its code lies in the stack's state: a rollback
 * runs the code of the release it returns to. So everything below imports at call time, depends on nothing else of this
 * project, and is kept small: a changed text of these functions shows as a change of every such resource.
 */

interface Inputs {
  /** Path of the kubeconfig; empty: that of the environment. */
  readonly kubeconfig: string;
  /** Context of the kubeconfig; empty: its current one. */
  readonly context: string;
  readonly namespace: string;
  /** Name of the Secret; that of the version before ends in `-previous`. */
  readonly secret: string;
  /** JSON object, file name -> content. Secret. */
  readonly files: string;
  /** SHA-256 of `files`. */
  readonly hash: string;
  /** On the Secrets. */
  readonly labels: Record<string, string>;
  /** Name of the reader's container, and label selector of its pods. */
  readonly reader: string;
  readonly selector: string;
  readonly mountPath: string;
  readonly check: string[];
  readonly reload: string[];
  readonly verify: string[];
}

interface Outputs {
  readonly hash: string;
  readonly kubeconfig: string;
  readonly context: string;
  readonly namespace: string;
  readonly secret: string;
}

interface Ran {
  readonly code: number;
  readonly output: string;
}

async function connect({ kubeconfig, context }: Pick<Inputs, "kubeconfig" | "context">) {
  const k8s = await import("@kubernetes/client-node");
  const config = new k8s.KubeConfig();
  if (kubeconfig === "") config.loadFromDefault();
  else config.loadFromFile(kubeconfig);
  if (context !== "") config.setCurrentContext(context);
  return { k8s, config, core: config.makeApiClient(k8s.CoreV1Api) };
}

/** Names of the reader's pods that run. */
async function runningPods(inputs: Inputs): Promise<string[]> {
  const { core } = await connect(inputs);
  const { items } = await core.listNamespacedPod({
    namespace: inputs.namespace,
    labelSelector: inputs.selector,
  });
  return items
    .filter(
      ({ metadata, status }) =>
        metadata?.deletionTimestamp === undefined &&
        (status?.containerStatuses ?? []).some(({ state }) => state?.running !== undefined),
    )
    .map(({ metadata }) => metadata!.name!);
}

/** Runs a command inside a pod of the reader. */
async function run(inputs: Inputs, pod: string, command: string[], input?: Buffer): Promise<Ran> {
  const [{ k8s, config }, { PassThrough, Readable }] = await Promise.all([
    connect(inputs),
    import("node:stream"),
  ]);
  const chunks: Buffer[] = [];
  const sink = new PassThrough();
  sink.on("data", (chunk: Buffer) => chunks.push(chunk));
  const code = await new Promise<number>((resolve, reject) => {
    new k8s.Exec(config)
      .exec(
        inputs.namespace,
        pod,
        inputs.reader,
        command,
        sink,
        sink,
        input === undefined ? null : Readable.from([input]),
        false,
        (status) => {
          if (status.status === "Success") return resolve(0);
          const cause = status.details?.causes?.find(({ reason }) => reason === "ExitCode");
          if (cause?.message === undefined) return reject(new Error(status.message ?? "no status"));
          resolve(Number(cause.message));
        },
      )
      .then((opened) => {
        // The client's own types of it are not installed.
        const socket = opened as unknown as NodeJS.EventEmitter;
        socket.on("error", reject);
        socket.on("close", () => reject(new Error(`${pod}: the connection ended`)));
      }, reject);
  });
  return { code, output: Buffer.concat(chunks).toString("utf8").trim() };
}

/** Files of a Secret, and the version that it says it is; undefined if there is none. */
async function readSecret(
  place: Pick<Inputs, "kubeconfig" | "context" | "namespace">,
  name: string,
): Promise<{ files: Record<string, string>; hash: string } | undefined> {
  const [{ core }, { createHash }] = await Promise.all([connect(place), import("node:crypto")]);
  const secret = await core
    .readNamespacedSecret({ namespace: place.namespace, name })
    .catch((error: unknown) => {
      if ((error as { code?: number }).code === 404) return undefined;
      throw error as Error;
    });
  if (secret === undefined) return undefined;
  const files = Object.fromEntries(
    Object.entries(secret.data ?? {})
      .filter(([file]) => file !== ".version")
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([file, content]) => [file, Buffer.from(content, "base64").toString("utf8")]),
  );
  const hash = createHash("sha256").update(JSON.stringify(files)).digest("hex");
  return { files, hash };
}

async function writeSecret(
  inputs: Inputs,
  name: string,
  { files, hash }: { files: Record<string, string>; hash: string },
): Promise<void> {
  const { core } = await connect(inputs);
  const body = {
    metadata: { name, labels: inputs.labels, annotations: { "mcp-fleet/files-hash": hash } },
    stringData: { ...files, ".version": hash },
  };
  const { namespace } = inputs;
  const known = await readSecret(inputs, name);
  if (known === undefined) await core.createNamespacedSecret({ namespace, body });
  else await core.replaceNamespacedSecret({ namespace, name, body });
}

/** A touched pod is synced at once; the kubelet swaps all files of a Secret in one step. */
async function untilMounted(inputs: Inputs, pods: string[], hash: string): Promise<void> {
  const { k8s, core } = await connect(inputs);
  const deadline = Date.now() + 120_000;
  const touch = (name: string) =>
    core.patchNamespacedPod(
      {
        namespace: inputs.namespace,
        name,
        body: { metadata: { annotations: { "mcp-fleet/files-asked": `${hash} ${Date.now()}` } } },
      },
      k8s.setHeaderOptions("Content-Type", k8s.PatchStrategy.MergePatch),
    );
  await Promise.all(
    pods.map(async (pod) => {
      for (let look = 0; ; look += 1) {
        if (look % 10 === 0) await touch(pod);
        const seen = await run(inputs, pod, ["cat", `${inputs.mountPath}/current/.version`]);
        if (seen.output === hash) return;
        if (Date.now() > deadline) throw new Error(`${pod} was not given its files within 120 s`);
        await new Promise((resolve) => setTimeout(resolve, 300));
      }
    }),
  );
}

/** Whether the reader would take the files, judged by one of its pods from a copy; its words if not. */
async function objection(inputs: Inputs, pod: string): Promise<string | undefined> {
  if (inputs.check.length === 0) return undefined;
  const tar = await import("tar-stream");
  const pack = tar.pack();
  const files = JSON.parse(inputs.files) as Record<string, string>;
  for (const name of Object.keys(files)) pack.entry({ name, mode: 0o600 }, files[name]!);
  pack.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of pack) chunks.push(chunk as Buffer);
  const archive = Buffer.concat(chunks);
  const folder = `/tmp/check-${inputs.hash.slice(0, 12)}`;
  // The protocol has no end of input that all servers know: the length says it.
  const unpack = `rm -rf ${folder} && mkdir -m 700 ${folder} && head -c ${archive.length} | tar -x -C ${folder}`;
  const copied = await run(inputs, pod, ["sh", "-c", unpack], archive);
  if (copied.code !== 0) return `the files could not be copied: ${copied.output}`;
  const check = inputs.check.map((part) => part.replaceAll("{dir}", folder));
  const judged = await run(inputs, pod, check);
  await run(inputs, pod, ["rm", "-rf", folder]);
  return judged.code === 0 ? undefined : judged.output.slice(-2000);
}

/** Reload, then wait until every pod says that the new version is in force; what went wrong, or undefined. */
async function takeUp(inputs: Inputs, pods: string[]): Promise<string | undefined> {
  const problems = await Promise.all(
    pods.map(async (pod) => {
      const reloaded = await run(inputs, pod, inputs.reload);
      if (reloaded.code !== 0) {
        return `${pod}: reload exited with ${reloaded.code}: ${reloaded.output.slice(-2000)}`;
      }
      const deadline = Date.now() + 30_000;
      while (inputs.verify.length > 0) {
        const verified = await run(inputs, pod, inputs.verify);
        if (verified.code === 0) break;
        if (Date.now() > deadline)
          return `${pod}: not in force after 30 s: ${verified.output.slice(-2000)}`;
        await new Promise((resolve) => setTimeout(resolve, 250));
      }
      return undefined;
    }),
  );
  return problems.find((problem) => problem !== undefined);
}

/** New version judged by the reader, stored, brought to every pod, reloaded; on failure the old one comes back. */
async function apply(inputs: Inputs): Promise<Outputs> {
  const { hash, kubeconfig, context, namespace, secret } = inputs;
  const done = { hash, kubeconfig, context, namespace, secret };
  const [pods, before] = await Promise.all([runningPods(inputs), readSecret(inputs, secret)]);
  const wanted = { files: JSON.parse(inputs.files) as Record<string, string>, hash };
  if (before?.hash !== hash) {
    const [first] = pods;
    const refused = first === undefined ? undefined : await objection(inputs, first);
    if (refused !== undefined) {
      throw new Error(
        `${inputs.reader} refuses its new configuration and keeps the old one: ${refused}`,
      );
    }
    if (before) await writeSecret(inputs, `${secret}-previous`, before);
    await writeSecret(inputs, secret, wanted);
  }
  // Somebody may have gone back already, or an update was cut off before its reload.
  await untilMounted(inputs, pods, hash);
  const problem = await takeUp(inputs, pods);
  if (problem === undefined) return done;
  if (before && before.hash !== hash) {
    await writeSecret(inputs, secret, before);
    await untilMounted(inputs, pods, before.hash);
    await takeUp(inputs, pods);
  }
  throw new Error(
    `${inputs.reader} did not take up its new configuration and was given the old one again: ${problem}`,
  );
}

const provider: pulumi.dynamic.ResourceProvider<Inputs, Outputs> = {
  diff: (_id, olds, news) =>
    Promise.resolve({
      changes: olds.hash !== news.hash,
      replaces: olds.namespace === news.namespace ? [] : ["namespace"],
    }),
  create: async (inputs) => ({
    id: `${inputs.namespace}/${inputs.secret}`,
    outs: await apply(inputs),
  }),
  update: async (_id, _olds, news) => ({ outs: await apply(news) }),
  read: async (id, props) => {
    // Drift by hand shows as another hash, which the next update repairs.
    const found = await readSecret(props!, props!.secret);
    return { id: id, props: { ...props!, hash: found?.hash ?? "missing" } };
  },
  delete: async (_id, { kubeconfig, context, namespace, secret }) => {
    const { core } = await connect({ kubeconfig, context });
    for (const name of [secret, `${secret}-previous`]) {
      await core.deleteNamespacedSecret({ namespace, name }).catch((error: unknown) => {
        if ((error as { code?: number }).code !== 404) throw error as Error;
      });
    }
  },
};

export type LiveFilesResourceArgs = {
  readonly [K in keyof Inputs]: pulumi.Input<Inputs[K]>;
};

export class LiveFilesResource extends pulumi.dynamic.Resource {
  constructor(name: string, args: LiveFilesResourceArgs, opts: pulumi.CustomResourceOptions) {
    super(
      provider,
      name,
      { ...args },
      { ...opts, additionalSecretOutputs: ["files"] },
      "mcpfleet",
      "LiveSecret",
    );
  }
}
