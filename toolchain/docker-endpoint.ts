import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { exists, type Machine } from "./machine.ts";
import { toolProblem } from "./report.ts";

/** Where the Docker engine is, and how that was decided. */
export interface Endpoint {
  /** `unix://`, `tcp://` or `ssh://` address as in DOCKER_HOST. */
  readonly host: string;
  /** Whether the user chose it; then nothing is installed or started in its place. */
  readonly chosen: boolean;
  /** What chose it, in words. */
  readonly source: string;
  /** Variables that clients which know no contexts need to reach it; empty for the default socket. */
  readonly env: Readonly<Record<string, string>>;
}

/** Resolves the engine's address as the docker command does: DOCKER_HOST, then the context, then the socket. */
export async function dockerEndpoint(machine: Machine): Promise<Endpoint> {
  const { env } = machine;
  const host = env["DOCKER_HOST"];
  if (host) return { host, chosen: true, source: "DOCKER_HOST", env: {} };
  const configDir = env["DOCKER_CONFIG"] || join(machine.home, ".docker");
  const context = env["DOCKER_CONTEXT"] || (await currentContext(configDir));
  if (context !== undefined && context !== "default") return fromContext(configDir, context);
  const socket = join(machine.fsRoot, "var/run/docker.sock");
  const rootless = join(env["XDG_RUNTIME_DIR"] || "/nonexistent", "docker.sock");
  if (!(await exists(socket)) && (await exists(rootless))) {
    const address = `unix://${rootless}`;
    return {
      host: address,
      chosen: true,
      source: "rootless socket",
      env: { DOCKER_HOST: address },
    };
  }
  return { host: `unix://${socket}`, chosen: false, source: "default socket", env: {} };
}

async function readJson(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, "utf8"));
  } catch {
    return undefined;
  }
}

/** Member of a parsed JSON value, undefined wherever the shape differs. */
export function member(value: unknown, ...path: readonly string[]): unknown {
  let at = value;
  for (const key of path) {
    if (typeof at !== "object" || at === null) return undefined;
    at = (at as Record<string, unknown>)[key];
  }
  return at;
}

async function currentContext(configDir: string): Promise<string | undefined> {
  const current = member(await readJson(join(configDir, "config.json")), "currentContext");
  return typeof current === "string" && current !== "" ? current : undefined;
}

async function fromContext(configDir: string, context: string): Promise<Endpoint> {
  // The docker command stores contexts under the hash of their name.
  const id = createHash("sha256").update(context).digest("hex");
  const meta = await readJson(join(configDir, "contexts/meta", id, "meta.json"));
  const host = member(meta, "Endpoints", "docker", "Host");
  if (typeof host !== "string" || host === "") {
    throw toolProblem(
      "docker engine",
      `docker context "${context}" has no engine address`,
      "choose another with `docker context use`, or unset DOCKER_CONTEXT",
    );
  }
  const tls = join(configDir, "contexts/tls", id, "docker");
  const env: Record<string, string> = { DOCKER_HOST: host };
  if (await exists(tls)) {
    env["DOCKER_CERT_PATH"] = tls;
    if (member(meta, "Endpoints", "docker", "SkipTLSVerify") !== true)
      env["DOCKER_TLS_VERIFY"] = "1";
  }
  return { host, chosen: true, source: `docker context "${context}"`, env };
}
