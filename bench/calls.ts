/** One HTTP request of a client, as the load generators send it. */
export interface Call {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const tool = "server_status";
const revision = "2026-07-28";

const base = {
  "content-type": "application/json",
  accept: "application/json, text/event-stream",
};

function authorization(token: string | undefined): Record<string, string> {
  return token === undefined ? {} : { authorization: `Bearer ${token}` };
}

const _meta = {
  "io.modelcontextprotocol/protocolVersion": revision,
  "io.modelcontextprotocol/clientInfo": { name: "bench", version: "1.0.0" },
  "io.modelcontextprotocol/clientCapabilities": {},
};

/** A tool call of the stateless revision: complete in itself. The default asks the database and changes nothing. */
export function statelessCall(url: string, token?: string, name = tool, args: object = {}): Call {
  const method = "tools/call";
  return {
    url,
    headers: { ...statelessHeaders(method, token), "mcp-name": name },
    body: rpc(method, { name, arguments: args, _meta }, 1),
  };
}

/** A list of tools in the stateless revision: no database in it. */
export function statelessList(url: string, token?: string): Call {
  const method = "tools/list";
  return { url, headers: statelessHeaders(method, token), body: rpc(method, { _meta }, 1) };
}

function statelessHeaders(method: string, token: string | undefined): Record<string, string> {
  return {
    ...base,
    ...authorization(token),
    "mcp-protocol-version": revision,
    "mcp-method": method,
  };
}

const sessionVersion = "2025-11-25";

/** Headers of a request in the 2025 revisions; without a session only `initialize` may be sent. */
export function sessionHeaders(
  token: string | undefined,
  session?: string,
): Record<string, string> {
  const headers = { ...base, ...authorization(token) };
  if (session === undefined) return headers;
  return { ...headers, "mcp-session-id": session, "mcp-protocol-version": sessionVersion };
}

/** Opens a session of the 2025 revisions. */
export const initializeBody = rpc(
  "initialize",
  {
    protocolVersion: sessionVersion,
    capabilities: {},
    clientInfo: { name: "bench", version: "1.0.0" },
  },
  1,
);

/** Says that the session is open. */
export const initializedBody = JSON.stringify({
  jsonrpc: "2.0",
  method: "notifications/initialized",
});

/** A tool call within a session, where no two calls under way may have the same id. It asks the database. */
export function toolCall(id: number): string {
  return rpc("tools/call", { name: tool, arguments: {} }, id);
}

/** A tool call within a session of the 2025 revisions; opens the session. */
export async function sessionCall(url: string, token?: string): Promise<Call> {
  const headers = sessionHeaders(token);
  const opened = await fetch(url, { method: "POST", headers, body: initializeBody });
  const session = opened.headers.get("mcp-session-id");
  await opened.text();
  if (!opened.ok || session === null) throw new Error(`${url}: no session (${opened.status})`);
  const call = { url, headers: sessionHeaders(token, session) };
  await fetch(url, { method: "POST", headers: call.headers, body: initializedBody });
  return { ...call, body: toolCall(2) };
}

function rpc(method: string, params: object, id: number): string {
  return JSON.stringify({ jsonrpc: "2.0", id, method, params });
}
