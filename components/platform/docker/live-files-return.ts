import { setTimeout as delay } from "node:timers/promises";
import Docker from "dockerode";
import tar from "tar-stream";
import type { LiveFilesPlace, Returned, ReturnArgs } from "../live-files-return.ts";
import { runInside } from "./run-inside.ts";

/**
 * Gives live files back the version before the current one and reloads their reader, without the engine that made the
 * change: for the moment between a bad verdict and the formal rollback, which finds its work done. Doing it twice does
 * it once; where there is no version before, nothing changes.
 *
 * @throws when the reader refuses the version or does not take it up in time.
 */
export async function returnToPrevious(args: ReturnArgs): Promise<Returned> {
  const started = performance.now();
  const deadline = started + (args.timeoutMs ?? 30_000);
  const docker = new Docker();
  const writer = await writerOf(docker, args);
  const [current, previous] = await Promise.all([
    linkIn(writer, "current"),
    linkIn(writer, "previous"),
  ]);
  const moved = previous !== undefined && previous !== current;
  if (moved) await point(writer, previous);

  const ask = (command: readonly string[]) => runInside(docker, args.reader, command);
  const answer = (inForce: boolean): Returned => ({
    moved,
    inForce,
    ms: Math.round(performance.now() - started),
  });
  const reloaded = await ask(args.reload);
  if (reloaded === undefined) return answer(false);
  if (reloaded.code !== 0) {
    throw new Error(`${args.reader} refuses the version before: ${reloaded.output.slice(-2000)}`);
  }
  while (args.verify !== undefined) {
    const verified = await ask(args.verify);
    if (verified === undefined) return answer(false);
    if (verified.code === 0) break;
    if (performance.now() > deadline) {
      throw new Error(
        `${args.reader} has not taken up the version before: ${verified.output.slice(-2000)}`,
      );
    }
    await delay(100);
  }
  return answer(true);
}

/** Version of the live files that is current; undefined if there is none, or no such reader. */
export async function currentVersion(place: LiveFilesPlace): Promise<string | undefined> {
  try {
    return await linkIn(await writerOf(new Docker(), place), "current");
  } catch {
    return undefined;
  }
}

/** The never-started container that shares the reader's volume and may write to it. */
async function writerOf(
  docker: Docker,
  { reader, mountPath }: LiveFilesPlace,
): Promise<Docker.Container> {
  const { Mounts } = await docker.getContainer(reader).inspect();
  const volume = Mounts.find(({ Destination }) => Destination === mountPath)?.Name;
  if (volume === undefined) throw new Error(`${reader} mounts no volume at ${mountPath}`);
  const sharing = await docker.listContainers({ all: true, filters: { volume: [volume] } });
  // A writer that was replaced may still be there for a while; both write to the same volume.
  const writer = sharing.find(({ Mounts }) =>
    Mounts.some(({ Name, Destination, RW }) => Name === volume && Destination === "/files" && RW),
  );
  if (writer === undefined) throw new Error(`no container writes to volume ${volume}`);
  return docker.getContainer(writer.Id);
}

/** Where a link in the volume points to; undefined if it is not there. */
async function linkIn(writer: Docker.Container, name: string): Promise<string | undefined> {
  const stream = await writer
    .getArchive({ path: `/files/${name}` })
    .catch((error: { statusCode?: number }) => {
      if (error.statusCode === 404) return undefined;
      throw error as unknown as Error;
    });
  if (stream === undefined) return undefined;
  const extract = tar.extract();
  stream.pipe(extract);
  let target: string | undefined;
  for await (const entry of extract) {
    if (entry.header.type === "symlink") target = entry.header.linkname?.split("/").pop();
    entry.resume();
  }
  return target;
}

async function point(writer: Docker.Container, version: string): Promise<void> {
  const pack = tar.pack();
  pack.entry({ name: "current", type: "symlink", linkname: version, mtime: new Date(0) });
  pack.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of pack) chunks.push(chunk as Buffer);
  await writer.putArchive(Buffer.concat(chunks), { path: "/files" });
}
