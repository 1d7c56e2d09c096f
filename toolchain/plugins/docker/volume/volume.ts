import type { VolumeInspectInfo } from "dockerode";
import { PartialCreation, type Existing, type ResourceType } from "../../bridge/resource-type.ts";
import { UNKNOWN, type Properties } from "../../bridge/values.ts";
import { engineMessage, isNotFound, type Engine } from "../engine.ts";
import { labelMap, labelSet } from "../labels.ts";
import { compact, text, textMap } from "../state.ts";
import { sleep } from "../wait.ts";
import { volumeFields } from "./schema.ts";

/** How long Delete waits for the last user of the volume; the official plugin's limit. */
const REMOVE_TIMEOUT_MS = 30_000;
const REMOVE_RETRY_MS = 250;

/** `docker:index/volume:Volume`. */
export function volumeType(engine: Engine): ResourceType {
  async function read(id: string, prior: Properties): Promise<Existing | undefined> {
    let info: VolumeInspectInfo;
    try {
      info = await engine().getVolume(id).inspect();
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw new Error(`Unable to inspect volume: ${engineMessage(error)}`);
    }
    return { id: info.Name, state: volumeState(info, prior) };
  }

  return {
    token: "docker:index/volume:Volume",
    fields: volumeFields,
    meta: '{"schema_version":"1"}',
    autonamed: true,
    deleteBeforeReplace: false,

    async create(planned) {
      const driver = planned.driver === UNKNOWN ? undefined : text(planned.driver);
      let id: string;
      try {
        const options = compact({
          Name: text(planned.name),
          Driver: driver,
          DriverOpts: textMap(planned.driverOpts),
          Labels: labelMap(planned.labels),
        });
        const volume = await engine().createVolume(options);
        id = volume.name;
      } catch (error) {
        throw new Error(`Unable to create volume: ${engineMessage(error)}`);
      }
      const existing = await read(id, {}).catch((error: unknown) => {
        throw new PartialCreation(engineMessage(error), { id, state: planned });
      });
      if (existing === undefined) throw new Error(`volume ${id} vanished right after its creation`);
      // The official plugin shows options that nobody set as null until the first refresh.
      return { id, state: { ...existing.state, driverOpts: planned.driverOpts ?? null } };
    },

    read,

    async update({ id, prior }) {
      return (await read(id, prior))?.state ?? prior;
    },

    async delete(id, _state, signal) {
      const deadline = Date.now() + REMOVE_TIMEOUT_MS;
      for (;;) {
        try {
          await engine().getVolume(id).remove({ force: true });
          return;
        } catch (error) {
          if (isNotFound(error)) return;
          const message = engineMessage(error);
          if (!message.includes("volume is in use") || Date.now() > deadline) {
            throw new Error(`Unable to remove volume: ${message}`);
          }
          await sleep(REMOVE_RETRY_MS, signal);
        }
      }
    },
  };
}

/** The engine's view of a volume in the plugin's terms. */
function volumeState(info: VolumeInspectInfo, prior: Properties): Properties {
  return {
    ...prior,
    cluster: null,
    driver: info.Driver,
    driverOpts: { ...info.Options },
    labels: labelSet(info.Labels),
    mountpoint: info.Mountpoint,
    name: info.Name,
  };
}
