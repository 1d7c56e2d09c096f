import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Call } from "../calls.ts";
import { run } from "../stack.ts";

export interface Fired {
  readonly callsPerSecond: number;
  /** Milliseconds. */
  readonly p99: number;
  /** Answers other than 200 to 399, and calls that got none. */
  readonly failed: number;
}

/**
 * As many calls as are answered, from one thread of wrk (https://github.com/wg/wrk): connections stay open and each
 * sends its next call once it is answered, the given calls in turn. All calls go to one origin.
 *
 * Throws if wrk is missing. One in JavaScript would need as much of the processors as what it measures.
 */
export async function fire(
  calls: readonly Call[],
  { connections, seconds }: { readonly connections: number; readonly seconds: number },
): Promise<Fired> {
  const directory = mkdtempSync(join(tmpdir(), "mcp-fleet-bench-"));
  try {
    const script = join(directory, "calls.lua");
    // It holds the token, which must not be seen among the arguments of a process either.
    writeFileSync(script, scriptOf(calls), { mode: 0o600 });
    const sizes = ["-t1", `-c${connections}`, `-d${seconds}s`];
    const args = [...sizes, "--timeout", "10s", "-s", script, new URL(calls[0]!.url).origin];
    const { code, stdout, stderr } = await run("wrk", args).catch((error: unknown) => {
      throw new Error("bench/gateway.ts needs wrk; on Debian: apt-get install wrk", {
        cause: error,
      });
    });
    const report = /^REPORT (.*)$/m.exec(stdout)?.[1];
    if (code !== 0 || report === undefined) throw new Error(`wrk ended with ${code}: ${stderr}`);
    return JSON.parse(report) as Fired;
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** Requests are put together once; what wrk counts is printed as a line of JSON. */
function scriptOf(calls: readonly Call[]): string {
  const requests = calls.map(({ url, headers, body }) => {
    const fields = Object.entries(headers).map(
      ([name, value]) => `[${JSON.stringify(name)}] = ${JSON.stringify(value)}`,
    );
    const path = JSON.stringify(new URL(url).pathname);
    return `wrk.format("POST", ${path}, {${fields.join(", ")}}, ${JSON.stringify(body)})`;
  });
  return `
local requests, turn = {}, 0
function init()
  requests = {
    ${requests.join(",\n    ")}
  }
end
function request()
  turn = turn % #requests + 1
  return requests[turn]
end
function done(summary, latency)
  local errors, failed = summary.errors, 0
  for _, kind in ipairs({ "connect", "read", "write", "status", "timeout" }) do failed = failed + errors[kind] end
  local answered = (summary.requests - errors.status) / (summary.duration / 1e6)
  print(string.format('REPORT {"callsPerSecond":%f,"p99":%f,"failed":%d}', answered, latency:percentile(99) / 1000, failed))
end
`;
}
