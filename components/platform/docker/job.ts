import * as pulumi from "@pulumi/pulumi";

/**
 * A container that runs to its end.
 *
 * A dynamic resource, because the docker plugin takes a container that exited with an error for a success, and then
 * never runs it again. Here a failure is an error with the last log lines, leaves nothing in the state, and the next
 * update runs the job again. For the limits on this code see `live-files.ts`.
 */

interface Inputs {
  readonly name: string;
  readonly image: string;
  readonly command: string[];
  readonly env: string[];
  readonly user: string;
  readonly networks: string[];
  readonly binds: string[];
  readonly tmpfs: Record<string, string>;
  readonly memoryMb: number;
  readonly timeoutSeconds: number;
  readonly labels: Record<string, string>;
  readonly logOptions: Record<string, string>;
  /** Everything that makes it another job; a changed one runs again. */
  readonly revision: string;
}

/** The inputs too, so that a later preview shows what changed. */
interface Outputs extends Inputs {
  readonly container: string;
  readonly seconds: number;
}

const provider: pulumi.dynamic.ResourceProvider<Inputs, Outputs> = {
  diff: (_id, olds, news) =>
    Promise.resolve(
      olds.revision === news.revision
        ? { changes: false }
        : { changes: true, replaces: ["revision"] },
    ),

  create: async (inputs) => {
    const [{ default: Docker }, { randomBytes }] = await Promise.all([
      import("dockerode"),
      import("node:crypto"),
    ]);
    const docker = new Docker();
    const name = `${inputs.name}-${randomBytes(4).toString("hex").slice(0, 7)}`;
    const [first, ...others] = inputs.networks;
    const container = await docker.createContainer({
      name,
      Image: inputs.image,
      Entrypoint: inputs.command,
      Cmd: [],
      Env: inputs.env,
      User: inputs.user,
      Labels: inputs.labels,
      HostConfig: {
        NetworkMode: first ?? "none",
        Binds: inputs.binds,
        Tmpfs: inputs.tmpfs,
        ReadonlyRootfs: true,
        CapDrop: ["ALL"],
        SecurityOpt: ["no-new-privileges:true"],
        Memory: inputs.memoryMb * 1048576,
        MemorySwap: inputs.memoryMb * 1048576,
        LogConfig: { Type: "json-file", Config: inputs.logOptions },
      },
    });
    const started = Date.now();
    const fail = async (what: string): Promise<never> => {
      const logs = await container
        .logs({ stdout: true, stderr: true, tail: 20 })
        .then((raw) => {
          // Frames of the engine: 8 bytes of header, the last 4 of which are the length.
          const lines: string[] = [];
          for (let at = 0; at + 8 <= raw.length; at += 8 + raw.readUInt32BE(at + 4)) {
            lines.push(raw.subarray(at + 8, at + 8 + raw.readUInt32BE(at + 4)).toString("utf8"));
          }
          return lines.join("").trim();
        })
        .catch(() => "");
      await container.remove({ force: true, v: true }).catch(() => undefined);
      throw new Error(`job ${inputs.name} ${what}; its last lines:\n${logs || "(none)"}`);
    };
    try {
      for (const network of others)
        await docker.getNetwork(network).connect({ Container: container.id });
      await container.start();
    } catch (error) {
      return await fail(`could not start: ${(error as Error).message}`);
    }
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<undefined>((resolve) => {
      timer = setTimeout(() => resolve(undefined), inputs.timeoutSeconds * 1000);
    });
    const ended = (await Promise.race([container.wait(), timeout])) as
      { StatusCode: number } | undefined;
    clearTimeout(timer);
    if (!ended) return await fail(`did not end within ${inputs.timeoutSeconds} s`);
    if (ended.StatusCode !== 0) return await fail(`exited with code ${ended.StatusCode}`);
    return {
      id: name,
      outs: {
        ...inputs,
        container: container.id,
        seconds: Math.round((Date.now() - started) / 100) / 10,
      },
    };
  },

  delete: async (_id, props) => {
    const { default: Docker } = await import("dockerode");
    await new Docker()
      .getContainer(props.container)
      .remove({ force: true, v: true })
      .catch((error: { statusCode?: number }) => {
        if (error.statusCode !== 404) throw error as unknown as Error;
      });
  },
};

export type JobResourceArgs = {
  readonly [K in keyof Inputs]: pulumi.Input<
    Inputs[K] extends (infer Element)[] ? pulumi.Input<Element>[] : Inputs[K]
  >;
};

export class JobResource extends pulumi.dynamic.Resource {
  constructor(name: string, args: JobResourceArgs, opts: pulumi.CustomResourceOptions) {
    super(provider, name, { ...args }, opts, "mcpfleet", "Job");
  }
}
