import type { Properties } from "../../bridge/values.ts";
import { engineMessage, isNotFound, type Engine } from "../engine.ts";
import { flag, number } from "../state.ts";

/** Stops within the grace period (none: at once) and removes; a container that is gone is fine. */
export async function deleteContainer(
  engine: Engine,
  id: string,
  state: Properties,
): Promise<void> {
  const container = engine().getContainer(id);
  try {
    await container.stop({ t: Math.max(0, number(state.destroyGraceSeconds)) });
  } catch (error) {
    if (isNotFound(error)) return;
    // 304: it was stopped already.
    if (!isStatus(error, 304)) {
      throw new Error(`Error stopping container ${id}: ${engineMessage(error)}`);
    }
  }
  try {
    await container.remove({ v: flag(state.removeVolumes), force: true });
  } catch (error) {
    if (isNotFound(error)) return;
    const message = engineMessage(error);
    if (!message.includes("is already in progress")) {
      throw new Error(`Error deleting container ${id}: ${message}`);
    }
    await container.wait({ condition: "removed" }).catch((waited: unknown) => {
      if (!isNotFound(waited)) {
        throw new Error(`Error waiting for container removal '${id}': ${engineMessage(waited)}`);
      }
    });
  }
}

function isStatus(error: unknown, code: number): boolean {
  return (
    typeof error === "object" &&
    error !== null &&
    "statusCode" in error &&
    error.statusCode === code
  );
}
