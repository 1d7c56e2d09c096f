import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";

/** Key of Docker Hub in the configuration of the docker command. */
const hub = "https://index.docker.io/v1/";

/**
 * Whether somebody ran `docker login` for the registry of an image, here and for this user: a pull then may see what the
 * registry hides from strangers.
 */
export async function hasLogin(image: string, env = process.env): Promise<boolean> {
  const folder = env["DOCKER_CONFIG"] || join(env["HOME"] || homedir(), ".docker");
  try {
    const text = await readFile(join(folder, "config.json"), "utf8");
    const { auths = {}, credHelpers = {} } = JSON.parse(text) as DockerConfig;
    const registry = registryOf(image);
    const written = [registry, `https://${registry}`, `https://${registry}/v1/`];
    return [...Object.keys(auths), ...Object.keys(credHelpers)].some((key) =>
      written.includes(key),
    );
  } catch {
    // No configuration, or none that docker could read either.
    return false;
  }
}

interface DockerConfig {
  readonly auths?: Readonly<Record<string, unknown>>;
  readonly credHelpers?: Readonly<Record<string, string>>;
}

/** A first part with a dot or a port, or `localhost`, is a registry; anything else lies on Docker Hub. */
function registryOf(image: string): string {
  const [first = "", ...rest] = image.split("/");
  const named = rest.length > 0 && (/[.:]/.test(first) || first === "localhost");
  return named && first !== "docker.io" ? first : hub;
}
