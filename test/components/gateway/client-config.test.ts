import { describe, expect, it } from "vitest";
import {
  renderClientConfig,
  renderVsCodeConfig,
} from "../../../components/gateway/client-config.ts";

const servers = [
  { name: "scene", url: "http://127.0.0.1:8080/scene/mcp" },
  { name: "book-planning", url: "http://127.0.0.1:8080/book-planning/mcp" },
];

describe("client config", () => {
  it("names each server for common clients, the token taken from the environment", () => {
    expect(JSON.parse(renderClientConfig(servers))).toEqual({
      mcpServers: {
        "book-planning": {
          type: "streamable-http",
          url: "http://127.0.0.1:8080/book-planning/mcp",
          headers: { Authorization: "Bearer ${MCP_FLEET_TOKEN}" },
        },
        scene: {
          type: "streamable-http",
          url: "http://127.0.0.1:8080/scene/mcp",
          headers: { Authorization: "Bearer ${MCP_FLEET_TOKEN}" },
        },
      },
    });
  });

  it("lets VS Code ask for the token", () => {
    expect(JSON.parse(renderVsCodeConfig(servers.slice(0, 1)))).toEqual({
      inputs: [
        {
          type: "promptString",
          id: "mcp-fleet-token",
          description: "Bearer token of the MCP gateway",
          password: true,
        },
      ],
      servers: {
        scene: {
          type: "http",
          url: "http://127.0.0.1:8080/scene/mcp",
          headers: { Authorization: "Bearer ${input:mcp-fleet-token}" },
        },
      },
    });
  });

  it("does not depend on the order of servers", () => {
    const turned = [...servers].reverse();
    expect(renderClientConfig(turned)).toBe(renderClientConfig(servers));
    expect(renderVsCodeConfig(turned)).toBe(renderVsCodeConfig(servers));
  });
});
