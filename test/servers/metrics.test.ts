import { beforeEach, describe, expect, it } from "vitest";
import { methodLabel, toolLabel, versionLabel } from "../../servers/mcp/labels.ts";
import { OPERATION_BUCKETS, ServerMetrics } from "../../servers/metrics.ts";

let metrics: ServerMetrics;

beforeEach(() => {
  metrics = new ServerMetrics(
    {
      name: "scene",
      version: "1.2.3",
      release: "r7",
      environment: "staging",
      domain: "scene",
      faultActive: false,
    },
    {
      activeSessions: () => 3,
      inFlightCalls: () => 1,
      databaseUp: () => true,
      connections: () => ({ active: 2, idle: 5, waiting: 0 }),
    },
  );
});

const call = {
  method: "tools/call",
  tool: "list_scenes",
  protocolVersion: "2026-07-28",
  durationMs: 15,
  fault: false,
};

/** Value of the one series that starts like this. */
async function valueOf(series: string): Promise<number> {
  const lines = (await metrics.registry.metrics())
    .split("\n")
    .filter((line) => line.startsWith(series));
  expect(lines, series).toHaveLength(1);
  return Number(lines[0]?.split(" ").at(-1));
}

describe("ServerMetrics", () => {
  it("counts a call under the OpenTelemetry name and the platform's names", async () => {
    metrics.operation(call);
    metrics.operation({ ...call, errorType: "tool_error" });
    const labels = (error: string): string =>
      `{service="scene",mcp_method_name="tools/call",gen_ai_tool_name="list_scenes",error_type="${error}",network_transport="tcp",mcp_protocol_version="2026-07-28"}`;
    expect(await valueOf(`mcp_server_operation_duration_seconds_count${labels("")}`)).toBe(1);
    expect(
      await valueOf(`mcp_server_operation_duration_seconds_sum${labels("tool_error")}`),
    ).toBeCloseTo(0.015);
    expect(await valueOf("mcp_requests_total{")).toBe(2);
    expect(await valueOf("mcp_errors_total{")).toBe(1);
    expect(await valueOf('mcp_request_duration_ms{quantile="0.95"')).toBe(15);
  });

  it("has the buckets of the conventions", async () => {
    metrics.operation(call);
    const text = await metrics.registry.metrics();
    const bounds = [
      ...text.matchAll(/mcp_server_operation_duration_seconds_bucket\{le="([^"]+)"/g),
    ].map(([, le]) => le);
    expect(bounds).toEqual([...OPERATION_BUCKETS.map(String), "+Inf"]);
  });

  it("shows sessions, pool, database, memory and identity", async () => {
    metrics.session(90, "2025-06-18");
    metrics.sessionRejected("limit");
    expect(await valueOf("mcp_server_session_duration_seconds_sum{")).toBe(90);
    expect(await valueOf('mcp_sessions_rejected_total{reason="limit"')).toBe(1);
    expect(await valueOf('mcp_sessions_rejected_total{reason="draining"')).toBe(0);
    expect(await valueOf("mcp_active_sessions{")).toBe(3);
    expect(await valueOf("mcp_database_up{")).toBe(1);
    expect(await valueOf('mcp_database_pool_connections{state="idle"')).toBe(5);
    expect(await valueOf('mcp_memory_usage_bytes{type="used"')).toBeGreaterThan(1_000_000);
    expect(
      await valueOf(
        'mcp_server_info{version="1.2.3",release="r7",environment="staging",domain="scene"',
      ),
    ).toBe(1);
  });

  it("carries the service on every series", async () => {
    const samples = (await metrics.registry.metrics())
      .split("\n")
      .filter((line) => line !== "" && !line.startsWith("#"));
    expect(samples.filter((line) => !line.includes('service="scene"'))).toEqual([]);
  });
});

describe("labels", () => {
  const tools = new Set(["list_scenes"]);

  it.each([
    ["tools/list", "tools/list"],
    ["evil/method", "other"],
    [undefined, "other"],
    [7, "other"],
  ])("bounds the method %j", (method, label) => {
    expect(methodLabel(method)).toBe(label);
  });

  it.each([
    ["tools/call", { name: "list_scenes" }, "list_scenes"],
    ["tools/call", { name: "made_up" }, "other"],
    ["tools/call", undefined, "other"],
    ["tools/list", { name: "list_scenes" }, undefined],
  ])("bounds the tool of %s %j", (method, params, label) => {
    expect(toolLabel(method, params, tools)).toBe(label);
  });

  it.each([
    ["2025-11-25", "2025-11-25"],
    ["2026-07-28", "2026-07-28"],
    ["9999-01-01", "other"],
    [null, "2025-03-26"],
  ])("bounds the version %j", (version, label) => {
    expect(versionLabel(version)).toBe(label);
  });
});
