import type { ImageInspectInfo } from "dockerode";
import { engineMessage, isNotFound, type Engine } from "./engine.ts";

/** The local image of that name, tag or digest, or undefined. */
export async function findLocalImage(
  engine: Engine,
  name: string,
): Promise<ImageInspectInfo | undefined> {
  try {
    return await engine().getImage(name).inspect();
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw new Error(`error looking up local image "${name}": ${engineMessage(error)}`);
  }
}

/** The local image, pulled first if there is none. */
export async function findOrPullImage(
  engine: Engine,
  name: string,
  signal: AbortSignal,
): Promise<ImageInspectInfo> {
  const local = await findLocalImage(engine, name);
  if (local !== undefined) return local;
  try {
    await pull(engine, name, signal);
  } catch (error) {
    throw new Error(
      `unable to pull image ${name}: error pulling image ${name}: ${engineMessage(error)}`,
    );
  }
  const pulled = await findLocalImage(engine, name);
  if (pulled === undefined) throw new Error(`unable to find or pull image ${name}`);
  return pulled;
}

async function pull(engine: Engine, name: string, signal: AbortSignal): Promise<void> {
  const docker = engine();
  const stream = await docker.pull(name, { abortSignal: signal });
  await new Promise<void>((resolve, reject) => {
    docker.modem.followProgress(stream, (error) => {
      if (error) reject(error);
      else resolve();
    });
  });
}
