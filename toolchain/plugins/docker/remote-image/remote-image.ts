import type { ImageInspectInfo } from "dockerode";
import { fillNestedZeros } from "../../bridge/normalise.ts";
import type { ResourceType } from "../../bridge/resource-type.ts";
import { isObject, isZero, type Properties } from "../../bridge/values.ts";
import { engineMessage, type Engine } from "../engine.ts";
import { findLocalImage, findOrPullImage } from "../images.ts";
import { flag, text } from "../state.ts";
import { buildImage } from "./build.ts";
import { remoteImageFields } from "./schema.ts";

/** The limits of 20 minutes, in nanoseconds, that the official plugin records. */
const META =
  '{"e2bfb730-ecaa-11e6-8f88-34363bc7c4c0":{"create":1200000000000,"delete":1200000000000,' +
  '"update":1200000000000}}';

/** `docker:index/remoteImage:RemoteImage`: an image that is built here or pulled. */
export function remoteImageType(engine: Engine): ResourceType {
  const find = async (name: string, signal: AbortSignal): Promise<ImageInspectInfo> => {
    try {
      return await findOrPullImage(engine, name, signal);
    } catch (error) {
      throw new Error(`Unable to read Docker image into resource: ${engineMessage(error)}`);
    }
  };

  return {
    token: "docker:index/remoteImage:RemoteImage",
    fields: remoteImageFields,
    meta: META,
    autonamed: false,
    deleteBeforeReplace: false,

    rules: (inputs) =>
      inputs.build !== undefined && !isZero(inputs.pullTriggers)
        ? [{ property: "build", reason: "'build' and 'pullTriggers' exclude each other" }]
        : [],

    async create(planned, signal) {
      const name = text(planned.name);
      if (isObject(planned.build)) await buildImage(engine, name, planned.build, signal);
      const image = await find(name, signal);
      return { id: image.Id + name, state: imageState(image, name, planned) };
    },

    async read(id, prior) {
      const name = text(prior.name) || id.replace(/^sha256:[0-9a-f]{64}/, "");
      const image = await findLocalImage(engine, name);
      if (image === undefined) return undefined;
      const state = fillNestedZeros(remoteImageFields, prior);
      return { id: image.Id + name, state: imageState(image, name, { ...empty(), ...state }) };
    },

    async update({ planned }, signal) {
      const name = text(planned.name);
      return imageState(await find(name, signal), name, planned);
    },

    async delete(_id, state) {
      const name = text(state.name);
      if (flag(state.keepLocally) || (await findLocalImage(engine, name)) === undefined) return;
      try {
        await engine()
          .getImage(name)
          .remove({ force: flag(state.forceRemove) });
      } catch (error) {
        throw new Error(`Unable to remove Docker image: ${engineMessage(error)}`);
      }
    },
  };
}

function empty(): Properties {
  return Object.fromEntries(Object.keys(remoteImageFields).map((name) => [name, null]));
}

function imageState(image: ImageInspectInfo, name: string, known: Properties): Properties {
  return { ...known, name, imageId: image.Id, repoDigest: repoDigest(image, name) };
}

/** The digest under which a registry knows this image by this name; "" for one that was built here. */
function repoDigest(image: ImageInspectInfo, name: string): string {
  const repository = name.replace(/@.*$/, "").replace(/:[^/:]*$/, "");
  const digests = image.RepoDigests ?? [];
  return digests.find((digest) => digest.startsWith(`${repository}@`)) ?? digests[0] ?? "";
}
