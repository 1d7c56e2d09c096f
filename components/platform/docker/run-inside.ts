import type Docker from "dockerode";

export interface RanInside {
  readonly code: number;
  /** Both streams, trimmed. */
  readonly output: string;
}

/** Runs a command inside a container; undefined if there is none of that name or it does not run. */
export async function runInside(
  docker: Docker,
  container: string,
  command: readonly string[],
): Promise<RanInside | undefined> {
  const target = docker.getContainer(container);
  const gone = (error: { statusCode?: number }): undefined => {
    // 409: it stopped in between.
    if (error.statusCode === 404 || error.statusCode === 409) return undefined;
    throw error as unknown as Error;
  };
  const exec = await target
    .exec({ Cmd: [...command], AttachStdout: true, AttachStderr: true })
    .catch(gone);
  if (exec === undefined) return undefined;
  const stream = await exec.start({}).catch(gone);
  if (stream === undefined) return undefined;
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
