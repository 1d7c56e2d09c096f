import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { accountHome, pulumiHome } from "./pulumi-home.ts";

/**
 * Folder of a stack's history: `MCP_FLEET_HISTORY`, else beside the state where the backend is a folder (whoever
 * shares the state shares the history), else the user's data folder.
 */
export function historyDirectory(
  project: string,
  stack: string,
  env: NodeJS.ProcessEnv = process.env,
): string {
  const given = env["MCP_FLEET_HISTORY"];
  if (given) return join(given, project, stack);
  const backend = backendDirectory(env);
  const base =
    backend === undefined
      ? join(env["XDG_DATA_HOME"] || join(homedir(), ".local", "share"), "mcp-fleet")
      : join(backend, ".pulumi", "mcp-fleet");
  return join(base, project, stack);
}

/** Folder of a `file://` backend, chosen by PULUMI_BACKEND_URL or by `pulumi login`; undefined for any other. */
export function backendDirectory(env: NodeJS.ProcessEnv = process.env): string | undefined {
  const url = env["PULUMI_BACKEND_URL"] || loggedInTo(env);
  return url ? directoryOfBackend(url) : undefined;
}

/** Folder that a `file://` URL of a backend means, `~` included; undefined for any other. */
export function directoryOfBackend(backend: string): string | undefined {
  const url = backend.split("?")[0]!;
  if (!url.startsWith("file://")) return undefined;
  if (url.startsWith("file://~")) return join(accountHome(), url.slice("file://~".length));
  return fileURLToPath(url);
}

function loggedInTo(env: NodeJS.ProcessEnv): string | undefined {
  const file = join(env["PULUMI_CREDENTIALS_PATH"] || pulumiHome(env), "credentials.json");
  if (!existsSync(file)) return undefined;
  try {
    return (JSON.parse(readFileSync(file, "utf8")) as { current?: string }).current;
  } catch {
    return undefined;
  }
}
