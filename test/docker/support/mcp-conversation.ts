import {
  Client as ModernClient,
  StreamableHTTPClientTransport as ModernTransport,
} from "@modelcontextprotocol/client";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";

/** Entry of an `mcp.json`. */
export interface ClientEntry {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** One client connected to one server, the same for both eras of the protocol. */
export interface Conversation {
  readonly protocol: string | undefined;
  /** Id of the session; undefined in the stateless revision. */
  readonly session: string | undefined;
  tools(): Promise<string[]>;
  /** Structured result of a tool; throws what the tool complains about. */
  call(tool: string, args?: Record<string, unknown>): Promise<Record<string, unknown>>;
  close(): Promise<void>;
}

/** `2025` opens sessions with the first official SDK; `2026` is the stateless revision with the second one. */
export type Era = "2025" | "2026";
export const eras: readonly Era[] = ["2025", "2026"];

/** An `mcp.json` as a client reads it: `${NAME}` is taken from the environment. */
export function readClientConfig(
  text: string,
  env: Readonly<Record<string, string>>,
): Record<string, ClientEntry> {
  const filled = text.replaceAll(/\$\{(\w+)\}/g, (_all, name: string) => {
    const value = env[name];
    if (value === undefined) throw new Error(`${name} is not set`);
    return value;
  });
  return (JSON.parse(filled) as { mcpServers: Record<string, ClientEntry> }).mcpServers;
}

export function connect(era: Era, entry: ClientEntry): Promise<Conversation> {
  return era === "2025" ? connect2025(entry) : connect2026(entry);
}

const options = { timeout: 30_000 };

async function connect2025({ url, headers }: ClientEntry): Promise<Conversation> {
  const client = new Client({ name: "fleet-e2e", version: "1.0.0" });
  const transport = new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers } });
  await client.connect(transport, options);
  return {
    protocol: transport.protocolVersion,
    session: transport.sessionId,
    tools: async () =>
      (await client.listTools(undefined, options)).tools.map(({ name }) => name).sort(),
    call: async (name, args = {}) =>
      structured(name, await client.callTool({ name, arguments: args }, undefined, options)),
    close: async () => {
      await transport.terminateSession();
      await client.close();
    },
  };
}

async function connect2026({ url, headers }: ClientEntry): Promise<Conversation> {
  const client = new ModernClient(
    { name: "fleet-e2e", version: "1.0.0" },
    { versionNegotiation: { mode: { pin: "2026-07-28" } } },
  );
  const transport = new ModernTransport(new URL(url), { requestInit: { headers } });
  await client.connect(transport);
  return {
    protocol: client.getNegotiatedProtocolVersion(),
    session: transport.sessionId,
    tools: async () => (await client.listTools()).tools.map(({ name }) => name).sort(),
    call: async (name, args = {}) =>
      structured(name, await client.callTool({ name, arguments: args })),
    close: () => client.close(),
  };
}

/** Connects, calls one tool and leaves. */
export async function callOnce(
  era: Era,
  entry: ClientEntry,
  tool: string,
  args: Record<string, unknown> = {},
): Promise<Record<string, unknown>> {
  const conversation = await connect(era, entry);
  try {
    return await conversation.call(tool, args);
  } finally {
    await conversation.close();
  }
}

/** Status of a bare POST, for requests that no SDK would send. */
export async function postStatus(
  url: string,
  headers: Readonly<Record<string, string>>,
  body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "ping" }),
): Promise<number> {
  const response = await fetch(url, {
    method: "POST",
    body,
    headers: {
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
      ...headers,
    },
  });
  await response.text();
  return response.status;
}

function structured(
  tool: string,
  result: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  if (result["isError"] === true) throw new Error(`${tool}: ${JSON.stringify(result["content"])}`);
  return result["structuredContent"] as Record<string, unknown>;
}
