import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { ListToolsResultSchema } from "@modelcontextprotocol/sdk/types.js";
import type { ComponentHealth, FetchBy } from "./report.ts";

/** A tool that every reference server has; reads only. */
const harmlessTool = "server_status";

/**
 * One server as its clients see it: handshake, list of tools and, where there is one, a harmless call, all through
 * the gateway with a real token.
 */
export async function checkServer(
  name: string,
  url: string,
  token: string,
  fetchBy: FetchBy,
): Promise<ComponentHealth> {
  const started = Date.now();
  const client = new Client({ name: "fleet-health", version: "1.0.0" });
  const transport = new StreamableHTTPClientTransport(new URL(url), {
    fetch: fetchBy,
    requestInit: { headers: { Authorization: `Bearer ${token}` } },
  });
  const options = { timeout: 10_000 };
  try {
    // exactOptionalPropertyTypes: the SDK's own transport class has `sessionId: string | undefined`.
    await client.connect(transport, options);
    // `listTools` compiles the schema of every tool's output too, which nobody here needs.
    const { tools } = await client.request(
      { method: "tools/list" },
      ListToolsResultSchema,
      options,
    );
    if (tools.some((tool) => tool.name === harmlessTool)) {
      const result = await client.callTool(
        { name: harmlessTool, arguments: {} },
        undefined,
        options,
      );
      if (result.isError)
        throw new Error(`${harmlessTool}: ${JSON.stringify(result.content).slice(0, 200)}`);
    }
    return {
      component: name,
      healthy: true,
      detail: `MCP handshake and ${tools.length} tools in ${Date.now() - started} ms`,
    };
  } catch (error) {
    return {
      component: name,
      healthy: false,
      detail: `MCP: ${(error as Error).message.slice(0, 300)}`,
    };
  } finally {
    await transport.terminateSession().catch(() => undefined);
    await client.close().catch(() => undefined);
  }
}
