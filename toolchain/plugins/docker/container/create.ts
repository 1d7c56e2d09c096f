import type { Container } from "dockerode";
import { PartialCreation, type Existing } from "../../bridge/resource-type.ts";
import type { Properties } from "../../bridge/values.ts";
import { engineMessage, type Engine } from "../engine.ts";
import { findOrPullImage } from "../images.ts";
import { compact, flag, number, objects, text, texts } from "../state.ts";
import { sleep } from "../wait.ts";
import { createOptions } from "./create-options.ts";
import { observe } from "./observe.ts";
import { uploadArchive } from "./uploads.ts";

/** How often health is looked at while waiting for it. */
const HEALTH_POLL_MS = 250;

/**
 * Creates, connects, fills, starts and, if asked, waits for a container.
 *
 * @throws PartialCreation if a step after the creation fails; the container is left as it is
 */
export async function createContainer(
  engine: Engine,
  planned: Properties,
  signal: AbortSignal,
): Promise<Existing> {
  const image = text(planned.image);
  if (texts(planned.command).includes("")) throw new Error("values for command may not be empty");
  try {
    await findOrPullImage(engine, image, signal);
  } catch (error) {
    throw new Error(`Unable to create container with image ${image}: ${engineMessage(error)}`);
  }
  let container: Container;
  try {
    container = await engine().createContainer(createOptions(planned));
  } catch (error) {
    throw new Error(`Unable to create container: ${engineMessage(error)}`);
  }
  try {
    await connectNetworks(engine, container, planned);
    for (const upload of objects(planned.uploads)) await copyIn(container, upload);
    if (flag(planned.start)) await start(container, planned, signal);
    return { id: container.id, state: observe(await container.inspect(), planned, true) };
  } catch (error) {
    throw new PartialCreation(engineMessage(error), await leftover(container, planned));
  }
}

/** What is known of a container whose creation did not get through. */
async function leftover(container: Container, planned: Properties): Promise<Existing> {
  const info = await container.inspect().catch(() => undefined);
  const state =
    info === undefined
      ? planned
      : { ...observe(info, planned, true), mustRun: planned.mustRun ?? null };
  return { id: container.id, state };
}

async function connectNetworks(
  engine: Engine,
  container: Container,
  planned: Properties,
): Promise<void> {
  const networks = objects(planned.networksAdvanced);
  if (networks.length === 0) return;
  try {
    await engine().getNetwork("bridge").disconnect({ Container: container.id });
  } catch (error) {
    const message = engineMessage(error);
    if (!message.includes("is not connected to")) {
      throw new Error(`Unable to disconnect the default network: ${message}`);
    }
  }
  for (const network of networks) {
    const name = text(network.name);
    const EndpointConfig = compact({
      Aliases: texts(network.aliases),
      IPAMConfig: compact({ IPv4Address: text(network.ipv4Address) || undefined }),
    });
    try {
      await engine().getNetwork(name).connect({ Container: container.id, EndpointConfig });
    } catch (error) {
      throw new Error(`Unable to connect to network '${name}': ${engineMessage(error)}`);
    }
  }
}

async function copyIn(container: Container, upload: Properties): Promise<void> {
  const archive = await uploadArchive(upload);
  try {
    await container.putArchive(archive, { path: "/" });
  } catch (error) {
    throw new Error(`Unable to upload volume content: ${engineMessage(error)}`);
  }
}

async function start(
  container: Container,
  planned: Properties,
  signal: AbortSignal,
): Promise<void> {
  try {
    await container.start();
  } catch (error) {
    throw new Error(`Unable to start container: ${engineMessage(error)}`);
  }
  if (!flag(planned.wait)) return;
  const deadline = Date.now() + number(planned.waitTimeout) * 1000;
  for (;;) {
    const { State: state } = await container.inspect();
    if (state.Health === undefined) {
      throw new Error(
        "you have supplied a 'wait' argument, but the container does not have a healthcheck " +
          "defined. Please remove the 'wait' argument or add a 'healthcheck' attribute",
      );
    }
    if (state.Health.Status === "healthy") return;
    if (Date.now() >= deadline) throw new Error("container failed to be in healthy state");
    await sleep(HEALTH_POLL_MS, signal);
  }
}
