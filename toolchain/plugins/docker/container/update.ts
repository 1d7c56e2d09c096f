import type { Update } from "../../bridge/resource-type.ts";
import { deepEqual, type Properties } from "../../bridge/values.ts";
import { engineMessage, type Engine } from "../engine.ts";
import { compact, flag, number, text } from "../state.ts";

const MIB = 1024 * 1024;

/** Properties that really change in a running container. */
const APPLIED = ["restart", "memory", "memorySwap"];

/**
 * Changes a container in place.
 *
 * Like the official plugin it reports the planned state even for properties that the engine cannot
 * change in a running container (`healthcheck`, `init`, `tmpfs`): declare those in
 * `replaceOnChanges`.
 */
export async function updateContainer(engine: Engine, change: Update): Promise<Properties> {
  const { id, prior, planned } = change;
  const container = engine().getContainer(id);
  if (prior.mustRun === false && planned.mustRun === true && flag(planned.start)) {
    try {
      await container.start();
    } catch (error) {
      throw new Error(`Unable to start container: ${engineMessage(error)}`);
    }
  }
  if (APPLIED.some((name) => !deepEqual(prior[name] ?? null, planned[name] ?? null))) {
    const swap = number(planned.memorySwap);
    const options = compact({
      RestartPolicy: {
        Name: text(planned.restart),
        MaximumRetryCount: number(planned.maxRetryCount),
      },
      Memory: number(planned.memory) * MIB,
      MemorySwap: swap > 0 ? swap * MIB : swap || undefined,
    });
    try {
      await container.update(options);
    } catch (error) {
      throw new Error(`Unable to update a container: ${engineMessage(error)}`);
    }
  }
  return planned;
}
