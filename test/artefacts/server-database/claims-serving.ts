import { writeFileSync } from "node:fs";
import { expect, it } from "vitest";
import { toolsOf } from "../../../servers/domains/index.ts";
import { DOMAIN_NAMES, type DomainName } from "../../../servers/domains/names.ts";
import { sampleCalls } from "../../servers/sample-calls.ts";
import { type ServerProcess, statusOf, untilStatus } from "../../servers/server-process.ts";
import { connect, type ServerLab } from "./server-lab.ts";

/** What servers answer and count, and what they do when their database goes away or changes a password. */
export function servingClaims(lab: ServerLab): void {
  it("serve every tool of all ten domains to official clients of both eras, and count each call", async () => {
    const servers = await Promise.all(
      DOMAIN_NAMES.map(async (name) => [name, await lab.startReady(name)] as const),
    );
    const results = new Map<string, Record<string, unknown>>();
    for (const [index, era] of (["2025", "2026"] as const).entries()) {
      for (const [name, server] of servers) {
        expect(await statusOf(`${server.url}/ready`), server.output()).toBe(200);
        const client = await connect(server, era);
        const listed = (await client.listTools()).tools.map((tool) => tool.name);
        expect(listed).toEqual([...toolsOf(name).keys()]);
        for (const [tool, args] of sampleCalls(era, index + 1)[name]) {
          const result = await client.callTool({ name: tool, arguments: args });
          expect(result.isError, `${tool}: ${JSON.stringify(result.content)}`).toBeFalsy();
          results.set(`${era} ${tool}`, result.structuredContent as Record<string, unknown>);
        }
        await client.close();
      }
    }
    expect(results.get("2026 check_continuity")).toEqual({
      consistent: false,
      contradictions: [
        {
          subject: expect.stringMatching(/anna/i) as string,
          attribute: expect.stringMatching(/eyes/i) as string,
          statements: [
            { id: 3, value: "green", source: "ch 1" },
            { id: 4, value: "blue", source: "ch 3" },
          ],
        },
      ],
    });
    expect(results.get("2025 daily_progress")).toEqual({
      days: [
        { day: "2026-01-31", written: 500 },
        { day: "2026-01-30", written: 700 },
      ],
    });
    expect(results.get("2026 search_scenes")).toMatchObject({ matches: [{ id: 1 }, { id: 2 }] });
    expect(results.get("2025 list_books")).toMatchObject({
      books: [{ id: 1, status: "idea" }],
      nextAfter: null,
    });
    for (const [name, server] of servers) await expectExactCounts(name, server);
  });

  it("tell the truth about the database within 5 s, live on without it, and recover alone", async () => {
    const server = await lab.startReady("scene");
    const client = await connect(server, "2026");
    expect(await statusOf(`${server.url}/health`)).toBe(200);
    const busy = Array.from({ length: 20 }, () =>
      client.callTool({ name: "list_scenes", arguments: {} }),
    );
    lab.cluster.stop();
    try {
      // Calls that were cut off are answered, too.
      for (const result of await Promise.all(busy)) expect(result.content).toHaveLength(1);
      expect(await untilStatus(`${server.url}/ready`, 503, 5000)).toBeLessThan(5000);
      expect(await statusOf(`${server.url}/live`)).toBe(200);
      expect(await (await fetch(`${server.url}/health`)).json()).toMatchObject({
        status: "unhealthy",
        database: { healthy: false },
      });
      const result = await client.callTool({ name: "list_scenes", arguments: {} });
      expect(result).toMatchObject({
        isError: true,
        content: [
          { text: expect.stringContaining("the database is not available (request ") as string },
        ],
      });
      expect(await (await fetch(server.metricsUrl)).text()).toContain(
        'mcp_database_up{service="scene"} 0',
      );
    } finally {
      lab.cluster.start();
    }
    await untilStatus(`${server.url}/ready`, 200, 15_000);
    expect((await client.callTool({ name: "list_scenes", arguments: {} })).isError).toBeFalsy();
    expect(server.child.exitCode).toBeNull();
    expect(server.output()).not.toContain("password-of-");
  });

  it("use a rotated password for new connections without a restart", async () => {
    const server = await lab.startReady("review");
    const client = await connect(server, "2026");
    writeFileSync(lab.passwordFile("review_a"), "rotated-password-of-review\n");
    const run = lab.migrate();
    expect(await run.exited, run.output()).toBe(0);
    const admin = await lab.cluster.superuser();
    await admin.query(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'review_a'",
    );
    await admin.end();
    await untilStatus(`${server.url}/ready`, 200, 15_000);
    expect((await client.callTool({ name: "review_summary", arguments: {} })).isError).toBeFalsy();
  });
}

/** Sums the calls of both eras per tool and compares them with what was asked. */
async function expectExactCounts(name: DomainName, server: ServerProcess): Promise<void> {
  const text = await (await fetch(server.metricsUrl)).text();
  const expected = new Map<string, number>();
  for (const [tool] of [...sampleCalls("2025", 1)[name], ...sampleCalls("2026", 2)[name]]) {
    expected.set(tool, (expected.get(tool) ?? 0) + 1);
  }
  const counted = new Map<string, number>();
  const pattern =
    /^mcp_server_operation_duration_seconds_count\{.*mcp_method_name="tools\/call",gen_ai_tool_name="([^"]+)",error_type="".*\} (\d+)$/gm;
  for (const [, tool = "", count] of text.matchAll(pattern))
    counted.set(tool, (counted.get(tool) ?? 0) + Number(count));
  expect(Object.fromEntries(counted)).toEqual(Object.fromEntries(expected));
}
