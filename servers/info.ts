import type { ServerConfig } from "./config.ts";
import { LEGACY_VERSIONS, MODERN_VERSIONS } from "./mcp/labels.ts";
import type { Tool } from "./tools.ts";
import { SDK_VERSION, SERVER_VERSION } from "./version.ts";

/** The answer of `GET /info`: what runs here, and where to ask what. */
export function describeInfo(
  config: ServerConfig,
  tools: readonly Tool[],
): Record<string, unknown> {
  return {
    version: SERVER_VERSION,
    release: config.release,
    environment: config.environment,
    server: config.name,
    domain: config.domain,
    port: config.port,
    tools: tools.map(({ listing }) => ({ name: listing.name, description: listing.description })),
    endpoints: {
      mcp: "/mcp",
      health: "/health",
      ready: "/ready",
      live: "/live",
      info: "/info",
      metrics: `:${config.metricsPort}/metrics`,
    },
    protocolVersions: [...LEGACY_VERSIONS, ...MODERN_VERSIONS],
    node: process.versions.node,
    sdk: `@modelcontextprotocol/server ${SDK_VERSION}`,
  };
}
