import { setTimeout as delay } from "node:timers/promises";
import type { JsonSchemaValidator, jsonSchemaValidator } from "@modelcontextprotocol/client";
import { excerpt, fail, pass, type Finding } from "../answer.ts";
import { askedOf, type ProbeContext } from "../context.ts";
import { describeProbe } from "../describe.ts";
import type { mcpRevisions, ProbeOf } from "../probe.schema.ts";
import { authorization } from "./http.ts";

type Revision = (typeof mcpRevisions)[number];
type Fetch = (url: string | URL, init?: RequestInit) => Promise<Response>;

/**
 * A server as its clients see it, by the official SDK: the handshake of each revision, the list of tools, and calls of
 * one that does no harm. Every attempt is a new client: one that only kept an old session alive would not notice that
 * nobody gets a new one.
 */
export async function askMcp(probe: ProbeOf<"mcp">, context: ProbeContext): Promise<Finding> {
  const target = askedOf(probe, context);
  const headers = await authorization(probe.tokenOf, context);
  const fetch = context.connections.fetchTo(target, probe.port);
  const said: string[] = [];
  for (const revision of probe.revisions) {
    const finding = await converse(probe, revision, { fetch, headers, signal: context.signal });
    if (finding.verdict !== "pass") return finding;
    said.push(finding.detail);
  }
  return pass(`${describeProbe(probe)}: ${said.join("; ")}`);
}

/**
 * Takes every result for valid. Compiling the schemas of ten servers' tools for every attempt takes a third of a core
 * (measured), and whether a server keeps to its own schema is no question of health.
 */
const anything: jsonSchemaValidator = {
  getValidator<T>(): JsonSchemaValidator<T> {
    return (input) => ({ valid: true, data: input as T, errorMessage: undefined });
  },
};

interface Line {
  readonly fetch: Fetch;
  readonly headers: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

async function converse(probe: ProbeOf<"mcp">, revision: Revision, line: Line): Promise<Finding> {
  const { Client, StreamableHTTPClientTransport } = await import("@modelcontextprotocol/client");
  const asked = `${describeProbe(probe)}, revision ${revision}`;
  const refusals: string[] = [];
  const client = new Client(
    { name: "fleet-health", version: "1.0.0" },
    {
      versionNegotiation: { mode: revision === "2025" ? "legacy" : { pin: revision } },
      jsonSchemaValidator: anything,
    },
  );
  // The address is where the connection leads; the URL only carries the path.
  const transport = new StreamableHTTPClientTransport(
    new URL(`http://${probe.at ?? probe.subject}${probe.path}`),
    {
      requestInit: { headers: { ...line.headers } },
      fetch: noting(line.fetch, refusals),
    },
  );
  const options = { signal: line.signal, timeout: probe.timeoutSeconds * 1000 };
  let step = revision === "2025" ? "initialize" : "server/discover";
  try {
    await client.connect(transport, options);
    step = "tools/list";
    const { tools } = await client.listTools(undefined, options);
    if (tools.length < probe.minTools) {
      return fail(`${asked}: ${tools.length} tools, not at least ${probe.minTools}`);
    }
    const { tool } = probe;
    if (tool === undefined) return pass(`${revision} with ${tools.length} tools`);
    if (!tools.some(({ name }) => name === tool.name)) {
      if (tool.required) return fail(`${asked}: has no tool ${tool.name}`);
      return pass(`${revision} with ${tools.length} tools`);
    }
    step = `tools/call ${tool.name}`;
    // At once, and not for longer than it takes to know: an attempt at a slow server ends soon.
    const results = await Promise.all(
      Array.from({ length: probe.calls }, () => {
        const call = client.callTool({ name: tool.name, arguments: tool.arguments }, options);
        return probe.maxCallMs === undefined ? call : unlessSlow(call, probe.maxCallMs);
      }),
    );
    const complaint = results.find((result) => result !== "slow" && result.isError);
    if (complaint !== undefined && complaint !== "slow") {
      return fail(`${asked}: ${step} complained: ${excerpt(JSON.stringify(complaint.content))}`);
    }
    const slow = results.filter((result) => result === "slow").length;
    if (2 * slow > probe.calls) {
      const share = probe.calls > 1 ? `, ${slow} of ${probe.calls} calls` : "";
      return fail(`${asked}: ${step} took more than ${probe.maxCallMs} ms${share}`);
    }
    return pass(`${revision} with ${tools.length} tools and ${tool.name}`);
  } catch (error) {
    line.signal.throwIfAborted();
    // What the server said over HTTP tells more than what the SDK made of it.
    const why = refusals.at(-1) ?? excerpt(messageOf(error));
    return fail(`${asked}: ${step}: ${why}`);
  } finally {
    // Not awaited within the time of the probe: leaving politely is no part of the question.
    if (!line.signal.aborted) await transport.terminateSession().catch(() => undefined);
    await client.close().catch(() => undefined);
  }
}

/** Its result if it comes in time; what comes later is nobody's. */
async function unlessSlow<Result>(
  call: Promise<Result>,
  milliseconds: number,
): Promise<Result | "slow"> {
  call.catch(() => undefined);
  const late = new AbortController();
  try {
    return await Promise.race([
      call,
      delay(milliseconds, "slow" as const, { signal: late.signal }),
    ]);
  } finally {
    late.abort();
  }
}

/** Keeps what was refused, for the one who reads it. */
function noting(fetch: Fetch, refusals: string[]): Fetch {
  return async (url, init) => {
    const response = await fetch(url, init);
    // A server may have no stream to listen to.
    if (response.ok || init?.method === "GET") return response;
    const body = await response.text();
    refusals.push(`HTTP ${response.status}: ${excerpt(body)}`);
    const { status, headers } = response;
    return new Response(body, { status, headers });
  };
}

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  return cause instanceof Error ? `${error.message}: ${cause.message}` : error.message;
}
