/** Environment variable that clients take their token from. */
const tokenVariable = "MCP_FLEET_TOKEN";

/** One server as a client addresses it. */
export interface ClientServer {
  readonly name: string;
  readonly url: string;
}

/**
 * `mcp.json` as most clients read it (Claude, Cursor, Inspector): the token comes from the environment, so that the
 * file can be shared and committed.
 */
export function renderClientConfig(servers: readonly ClientServer[]): string {
  return render({
    mcpServers: entries(servers, ({ url }) => ({
      type: "streamable-http",
      url,
      headers: { Authorization: `Bearer \${${tokenVariable}}` },
    })),
  });
}

/** `.vscode/mcp.json`: the editor asks for the token once and keeps it in its own secret storage. */
export function renderVsCodeConfig(servers: readonly ClientServer[]): string {
  const id = "mcp-fleet-token";
  return render({
    inputs: [
      { type: "promptString", id, description: "Bearer token of the MCP gateway", password: true },
    ],
    servers: entries(servers, ({ url }) => ({
      type: "http",
      url,
      headers: { Authorization: `Bearer \${input:${id}}` },
    })),
  });
}

function entries(
  servers: readonly ClientServer[],
  entry: (server: ClientServer) => object,
): Record<string, object> {
  const sorted = [...servers].sort((a, b) => (a.name < b.name ? -1 : 1));
  return Object.fromEntries(sorted.map((server) => [server.name, entry(server)]));
}

function render(config: object): string {
  return `${JSON.stringify(config, null, 2)}\n`;
}
