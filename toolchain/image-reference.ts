/** Parts of an image reference such as `registry:5000/team/name:tag@sha256:...`. */
export interface ImageReference {
  /** Registry host with port; undefined for short names, which mean the engine's default registry. */
  readonly registry?: string;
  /** Repository path; official images of the default registry are under `library/`. */
  readonly repository: string;
  /** Tag; `latest` when neither tag nor digest is given. */
  readonly tag?: string;
  readonly digest?: string;
}

const COMPONENT = /^[a-z0-9]+(?:(?:\.|_{1,2}|-+)[a-z0-9]+)*$/;
const TAG = /^\w[\w.-]{0,127}$/;
const DIGEST = /^[a-z0-9]+(?:[.+_-][a-z0-9]+)*:[0-9a-f]{32,}$/i;

/** Parses a reference by the rules of the distribution project; throws with what is wrong. */
export function parseImageReference(text: string): ImageReference {
  const fail = (why: string): never => {
    throw new Error(`image reference ${JSON.stringify(text)}: ${why}`);
  };
  const at = text.indexOf("@");
  const digest = at === -1 ? undefined : text.slice(at + 1);
  if (digest !== undefined && !DIGEST.test(digest)) fail("the digest must look like sha256:<hex>");
  const named = at === -1 ? text : text.slice(0, at);
  const colon = named.lastIndexOf(":");
  const hasTag = colon > named.lastIndexOf("/");
  const tag = hasTag ? named.slice(colon + 1) : digest === undefined ? "latest" : undefined;
  if (tag !== undefined && !TAG.test(tag)) fail("the tag must be letters, digits, . _ or -");
  const path = (hasTag ? named.slice(0, colon) : named).split("/");
  // The first part is a host if it could not be a folder: it has a dot or a port, or is localhost.
  const first = path[0] ?? "";
  const isHost = path.length > 1 && (/[.:]/.test(first) || first === "localhost");
  const folders = isHost ? path.slice(1) : path;
  if (!folders.every((folder) => COMPONENT.test(folder))) {
    fail("the name must be lower-case words joined by . _ - and /");
  }
  const repository =
    !isHost && folders.length === 1 ? `library/${folders.join("/")}` : folders.join("/");
  return {
    ...(isHost ? { registry: first } : {}),
    repository,
    ...(tag === undefined ? {} : { tag }),
    ...(digest === undefined ? {} : { digest }),
  };
}

/**
 * Address that tells whether a reference's registry answers (`/v2/`; 401 is an answer too).
 *
 * @param indexServer the engine's own address of its default registry, as `/info` has it
 */
export function registryProbeUrl(
  { registry }: ImageReference,
  indexServer: string | undefined,
): string | undefined {
  if (registry !== undefined) {
    const local = /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])(?::\d+)?$/.test(registry);
    return `${local ? "http" : "https"}://${registry}/v2/`;
  }
  return indexServer === undefined ? undefined : new URL("/v2/", indexServer).href;
}
