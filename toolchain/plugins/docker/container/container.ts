import type { ContainerInspectInfo } from "dockerode";
import type { ResourceType } from "../../bridge/resource-type.ts";
import { engineMessage, isNotFound, type Engine } from "../engine.ts";
import { createContainer } from "./create.ts";
import { deleteContainer } from "./delete.ts";
import { observe } from "./observe.ts";
import { containerFields } from "./schema.ts";
import { updateContainer } from "./update.ts";

/** Schema version and the limits of 20 minutes, in nanoseconds, that the official plugin records. */
const META =
  '{"e2bfb730-ecaa-11e6-8f88-34363bc7c4c0":{"create":1200000000000,"delete":1200000000000,' +
  '"update":1200000000000},"schema_version":"2"}';

/** `docker:index/container:Container`. */
export function containerType(engine: Engine): ResourceType {
  return {
    token: "docker:index/container:Container",
    fields: containerFields,
    meta: META,
    autonamed: true,
    deleteBeforeReplace: true,
    create: (planned, signal) => createContainer(engine, planned, signal),
    update: (change) => updateContainer(engine, change),
    delete: (id, state) => deleteContainer(engine, id, state),

    async read(id, prior) {
      let info: ContainerInspectInfo;
      try {
        info = await engine().getContainer(id).inspect();
      } catch (error) {
        if (isNotFound(error)) return undefined;
        throw new Error(`error inspecting container ${id}: ${engineMessage(error)}`);
      }
      return { id: info.Id, state: observe(info, prior, false) };
    },
  };
}
