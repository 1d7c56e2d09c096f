import type Docker from "dockerode";
import { namedImages, type FleetSpec } from "../../config/index.ts";
import { hasLogin } from "./registry-login.ts";

/** How long a registry has to answer before the question is left to the pull itself; milliseconds. */
const patienceMs = 5000;
/** The engine's words for a registry that it did not get to. */
const unreachable = /dial tcp|no such host|connection refused|network is unreachable|i\/o timeout/;

/**
 * Images that the fleet file names and that a pull would not find: neither on the engine nor in their registry. What a
 * registry keeps from whoever has no login is not among them: the pull may have one.
 *
 * @returns one line each, with every setting that names it
 */
export async function missingImages(
  docker: Docker,
  fleet: FleetSpec,
  grafana: boolean,
): Promise<string[]> {
  const settings = new Map<string, string[]>();
  for (const { owner, at, image } of namedImages(fleet)) {
    if (owner === "grafana" && !grafana) continue;
    settings.set(image, [...(settings.get(image) ?? []), `${at.join(".")}.image`]);
  }
  const problems = await Promise.all(
    [...settings].map(async ([image, paths]) => {
      const why = await whyMissing(docker, image);
      return (
        why &&
        `${paths.join(", ")}: got ${JSON.stringify(image)}, which is not on the Docker engine, and ${why}; name one that can be had, or \`docker load\` it`
      );
    }),
  );
  return problems.filter((problem) => problem !== undefined);
}

/** Why no pull can find an image; undefined if it is there, or one may. */
async function whyMissing(docker: Docker, image: string): Promise<string | undefined> {
  try {
    await docker.getImage(image).inspect();
    return undefined;
  } catch (error) {
    if ((error as EngineError).statusCode !== 404) return undefined;
  }
  try {
    await docker.getImage(image).distribution({ abortSignal: AbortSignal.timeout(patienceMs) });
    return undefined;
  } catch (error) {
    const { statusCode, json } = error as EngineError;
    const message = json?.message ?? "";
    if (statusCode === 404)
      return (await hasLogin(image)) ? undefined : `its registry does not have it (${message})`;
    return unreachable.test(message) ? `its registry does not answer (${message})` : undefined;
  }
}

interface EngineError extends Error {
  readonly statusCode?: number;
  readonly json?: { readonly message?: string };
}
