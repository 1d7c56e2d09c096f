import * as pulumi from "@pulumi/pulumi";

/**
 * Files of a container that cannot run twice, changed in place.
 *
 * A dynamic resource, because no resource of the docker plugin changes the content of a volume under a running
 * container. Its code lies in the stack's state: a rollback runs the code of the release it returns to. So everything
 * below imports at call time, depends on nothing else of this project, and is kept small: a changed text of these
 * functions shows as a change of every such resource.
 */

interface Inputs {
  /** Never-started container that mounts the volume writable at `/files`. */
  readonly writer: string;
  /** JSON object, file name -> content. Secret. */
  readonly files: string;
  /** SHA-256 of `files`. */
  readonly hash: string;
  /** `uid:gid` that owns the files; nobody else can read them. */
  readonly owner: string;
  readonly reader: string;
  readonly mountPath: string;
  readonly check: string[];
  readonly reload: string[];
  readonly verify: string[];
}

interface Outputs {
  readonly hash: string;
  readonly writer: string;
}

interface Ran {
  readonly code: number;
  readonly output: string;
}

/** Runs a command inside a running container; undefined if the container does not run. */
async function run(container: string, command: string[]): Promise<Ran | undefined> {
  const { default: Docker } = await import("dockerode");
  const docker = new Docker();
  const target = docker.getContainer(container);
  const running = await target.inspect().then(
    (info) => info.State.Running && !info.State.Restarting,
    (error: { statusCode?: number }) => {
      if (error.statusCode === 404) return false;
      throw error as unknown as Error;
    },
  );
  if (!running) return undefined;
  const exec = await target.exec({ Cmd: command, AttachStdout: true, AttachStderr: true });
  const stream = await exec.start({});
  const chunks: Buffer[] = [];
  const collect = { write: (chunk: Buffer) => chunks.push(chunk) };
  docker.modem.demuxStream(stream, collect as never, collect as never);
  await new Promise<void>((resolve, reject) => {
    stream.on("end", resolve);
    stream.on("error", reject);
  });
  const { ExitCode } = await exec.inspect();
  return { code: ExitCode ?? -1, output: Buffer.concat(chunks).toString("utf8").trim() };
}

/**
 * Writes a complete new version into its slot, or moves the links `current` and `previous`; all in the volume behind the
 * writer.
 */
async function put(
  inputs: Inputs,
  parts: { version?: string; previous?: string; current?: string },
): Promise<void> {
  const [{ default: Docker }, tar] = await Promise.all([import("dockerode"), import("tar-stream")]);
  const { version, previous, current } = parts;
  const [uid, gid] = inputs.owner.split(":").map(Number);
  const pack = tar.pack();
  const mtime = new Date(0);
  if (version) {
    // The engine merges directories, but a file that takes the place of one removes it with all that is in it.
    pack.entry({ name: version, mode: 0o400, mtime }, "");
    pack.entry({
      name: `${version}/`,
      type: "directory",
      mode: 0o500,
      uid: uid!,
      gid: gid!,
      mtime,
    });
    const files = JSON.parse(inputs.files) as Record<string, string>;
    for (const name of Object.keys(files).sort()) {
      pack.entry(
        { name: `${version}/${name}`, mode: 0o400, uid: uid!, gid: gid!, mtime },
        files[name]!,
      );
    }
  }
  if (previous) pack.entry({ name: "previous", type: "symlink", linkname: previous, mtime });
  if (current) pack.entry({ name: "current", type: "symlink", linkname: current, mtime });
  pack.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of pack) chunks.push(chunk as Buffer);
  await new Docker()
    .getContainer(inputs.writer)
    .putArchive(Buffer.concat(chunks), { path: "/files" });
}

/**
 * Version that is current in the volume, with the hash of what its files really hold, and the one before it; undefined
 * if there is none.
 */
async function inspectVolume(
  writer: string,
): Promise<{ version: string; hash: string; previous: string | undefined } | undefined> {
  const [{ default: Docker }, tar, { createHash }] = await Promise.all([
    import("dockerode"),
    import("tar-stream"),
    import("node:crypto"),
  ]);
  const container = new Docker().getContainer(writer);
  const gone = (error: { statusCode?: number }) => {
    if (error.statusCode === 404) return undefined;
    throw error as unknown as Error;
  };
  const entries = async (path: string) => {
    const stream = await container.getArchive({ path }).catch(gone);
    if (!stream) return undefined;
    const found: { name: string; type: string; link: string; content: string }[] = [];
    const extract = tar.extract();
    stream.pipe(extract);
    for await (const entry of extract) {
      const chunks: Buffer[] = [];
      for await (const chunk of entry) chunks.push(chunk as Buffer);
      found.push({
        name: entry.header.name.split("/").slice(1).join("/"),
        type: entry.header.type ?? "file",
        link: entry.header.linkname ?? "",
        content: Buffer.concat(chunks).toString("utf8"),
      });
    }
    return found;
  };
  const target = async (name: string) =>
    (await entries(`/files/${name}`))
      ?.find((entry) => entry.type === "symlink")
      ?.link.split("/")
      .pop();
  const [version, previous] = await Promise.all([target("current"), target("previous")]);
  if (!version) return undefined;
  const files: Record<string, string> = {};
  for (const entry of (await entries(`/files/${version}`)) ?? []) {
    if (entry.type === "file") files[entry.name] = entry.content;
  }
  const sorted = Object.fromEntries(
    Object.keys(files)
      .sort()
      .map((name) => [name, files[name]]),
  );
  return {
    version,
    previous,
    hash: createHash("sha256").update(JSON.stringify(sorted)).digest("hex"),
  };
}

/** Reload, then wait until the reader says that the new version is in force. */
async function takeUp(inputs: Inputs): Promise<string | undefined> {
  const reloaded = await run(inputs.reader, inputs.reload);
  if (!reloaded) return undefined;
  if (reloaded.code !== 0)
    return `reload exited with ${reloaded.code}: ${reloaded.output.slice(-2000)}`;
  if (inputs.verify.length === 0) return undefined;
  const deadline = Date.now() + 30_000;
  for (;;) {
    const verified = await run(inputs.reader, inputs.verify);
    if (!verified || verified.code === 0) return undefined;
    if (Date.now() > deadline) return `not in force after 30 s: ${verified.output.slice(-2000)}`;
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}

/** New version beside the old one, judged by the reader, made current, reloaded; on failure the old one stays. */
async function apply(inputs: Inputs): Promise<Outputs> {
  const done = { hash: inputs.hash, writer: inputs.writer };
  const before = await inspectVolume(inputs.writer);
  if (before?.hash === inputs.hash) {
    // Somebody went back already (`live-files-return.ts`), or an update was cut off before its reload.
    const problem = await takeUp(inputs);
    if (problem) throw new Error(`${inputs.reader} did not take up its configuration: ${problem}`);
    return done;
  }
  // Three slots: the current version, the one before, and the one that is written now in the place of an older one.
  const version = ["v-a", "v-b", "v-c"].find(
    (slot) => slot !== before?.version && slot !== before?.previous,
  )!;
  await put(inputs, { version });
  if (inputs.check.length > 0) {
    const check = inputs.check.map((part) =>
      part.replaceAll("{dir}", `${inputs.mountPath}/${version}`),
    );
    const judged = await run(inputs.reader, check);
    if (judged && judged.code !== 0) {
      throw new Error(
        `${inputs.reader} refuses its new configuration and keeps the old one: ${judged.output.slice(-2000)}`,
      );
    }
  }
  await put(inputs, { previous: before?.version ?? version, current: version });
  const problem = await takeUp(inputs);
  if (problem) {
    if (before) {
      await put(inputs, {
        previous: before.previous ?? before.version,
        current: before.version,
      });
      await run(inputs.reader, inputs.reload);
    }
    throw new Error(
      `${inputs.reader} did not take up its new configuration and was given the old one again: ${problem}`,
    );
  }
  return done;
}

/** Exported for tests alone. */
export const liveFilesProvider: pulumi.dynamic.ResourceProvider<Inputs, Outputs> = {
  diff: (_id, olds, news) =>
    Promise.resolve({ changes: olds.hash !== news.hash || olds.writer !== news.writer }),
  create: async (inputs) => ({ id: `${inputs.reader}-files`, outs: await apply(inputs) }),
  update: async (_id, _olds, news) => ({ outs: await apply(news) }),
  read: async (id, props) => {
    // Drift by hand shows as another hash, which the next update repairs. A missing writer is recreated first anyway.
    const found = await inspectVolume(props!.writer);
    return { id: id, props: { ...props!, hash: found?.hash ?? "missing" } };
  },
};

export interface LiveFilesResourceArgs {
  readonly writer: pulumi.Input<string>;
  readonly files: pulumi.Input<string>;
  readonly hash: pulumi.Input<string>;
  readonly owner: string;
  readonly reader: string;
  readonly mountPath: string;
  readonly check: readonly string[];
  readonly reload: readonly string[];
  readonly verify: readonly string[];
}

export class LiveFilesResource extends pulumi.dynamic.Resource {
  constructor(name: string, args: LiveFilesResourceArgs, opts: pulumi.CustomResourceOptions) {
    super(
      liveFilesProvider,
      name,
      { ...args },
      { ...opts, additionalSecretOutputs: ["files"] },
      "mcpfleet",
      "LiveFiles",
    );
  }
}
