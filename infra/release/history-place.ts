import { homedir } from "node:os";
import { join } from "node:path";
import { directoryOfBackend, stateBackend, type BackendSources } from "./state-backend.ts";

/**
 * Folder of a stack's history: `MCP_FLEET_HISTORY`, else beside the state where the backend is a folder (whoever
 * shares the state shares the history), else the user's data folder.
 *
 * @throws BrokenLoginError
 */
export function historyDirectory(
  project: string,
  stack: string,
  sources: BackendSources = { env: process.env },
): string {
  const { env } = sources;
  const given = env["MCP_FLEET_HISTORY"];
  if (given) return join(given, project, stack);
  const backend = directoryOfBackend(stateBackend(sources)?.url ?? "");
  const base =
    backend === undefined
      ? join(env["XDG_DATA_HOME"] || join(homedir(), ".local", "share"), "mcp-fleet")
      : join(backend, ".pulumi", "mcp-fleet");
  return join(base, project, stack);
}
