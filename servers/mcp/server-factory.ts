import { ProtocolError, ProtocolErrorCode, Server } from "@modelcontextprotocol/server";
import type { Transport } from "@modelcontextprotocol/server";
import { exchangeOf } from "../exchange.ts";
import type { Tool } from "../tools.ts";
import { SERVER_VERSION } from "../version.ts";
import { callTool } from "./call-tool.ts";
import type { CallSettings } from "./call-tool.ts";
import { observeTransport } from "./observe.ts";
import type { Observer } from "./observe.ts";

/** The SDK's server, watched from the moment it is connected. */
class ObservedServer extends Server {
  readonly #observer: Observer;

  constructor(name: string, observer: Observer) {
    super(
      { name, version: SERVER_VERSION },
      {
        capabilities: { tools: {} },
        // The set of tools changes only with a release, and a release ends the process.
        cacheHints: { "tools/list": { ttlMs: 60_000, cacheScope: "public" } },
        jsonSchemaValidator: NO_ELICITATION,
      },
    );
    this.#observer = observer;
  }

  override async connect(transport: Transport): Promise<void> {
    await super.connect(transport);
    observeTransport(transport, this.#observer);
  }
}

/** Only answers to elicitations are validated with it, and no tool asks any: spares a compiler per call. */
const NO_ELICITATION = {
  getValidator: () => {
    throw new Error("this server never elicits");
  },
};

/**
 * Returns the factory behind both eras: one instance per session, or per request of the stateless
 * revision. Everything that can be computed once is computed here, not per instance.
 */
export function createServerFactory(
  name: string,
  tools: ReadonlyMap<string, Tool>,
  settings: CallSettings,
  onOperation: Observer["onOperation"],
): () => Server {
  const listing = { tools: [...tools.values()].map((tool) => tool.listing) };
  const observer: Observer = { tools, onOperation };
  return () => {
    const server = new ObservedServer(name, observer);
    server.setRequestHandler("tools/list", () => listing);
    server.setRequestHandler("tools/call", async (request, context) => {
      const tool = tools.get(request.params.name);
      if (!tool) {
        throw new ProtocolError(
          ProtocolErrorCode.InvalidParams,
          `Unknown tool: ${request.params.name.slice(0, 80)}`,
        );
      }
      return callTool(tool, request.params.arguments, settings, exchangeOf(context.http?.req));
    });
    return server;
  };
}
