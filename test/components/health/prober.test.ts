import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { HealthPolicy } from "../../../components/health/policy.schema.ts";
import { probeSchema, type Probe } from "../../../components/health/probe.schema.ts";
import { Prober } from "../../../components/health/prober.ts";
import { judgePolicy, surveyPolicy } from "../../../components/health/run-policy.ts";
import { LocalTransport } from "./local-transport.ts";

const token = "token-of-the-default-client-0123456789";
const targets = Object.fromEntries(
  ["scene", "gateway", "prometheus"].map((component) => [
    component,
    { component, workload: `${component}-1` },
  ]),
);
const seen: IncomingMessage[] = [];
let answer: (request: IncomingMessage, response: ServerResponse) => void;
const server = createServer((request, response) => {
  seen.push(request);
  answer(request, response);
});
let port = 0;
let transport: LocalTransport;
let prober: Prober;

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  port = (server.address() as AddressInfo).port;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});
beforeEach(() => {
  seen.length = 0;
  answer = (_request, response) => response.end("{}");
  transport = new LocalTransport();
  prober = new Prober({
    transport,
    targets,
    secrets: ({ kind, of }) =>
      of === "default" ? Promise.resolve(token) : Promise.reject(new Error(`no ${kind} here`)),
  });
});

/** On the test's own port, unless the kind of probe knows none. */
function probe(input: Record<string, unknown>): Probe {
  const asked = input["kind"] === "state" || input["kind"] === "script" ? {} : { port };
  return probeSchema.parse({ name: "scene/x", subject: "scene", ...asked, ...input });
}

const ask = (input: Record<string, unknown>, signal = AbortSignal.timeout(5000)) =>
  prober.ask(probe(input), signal);

describe("a prober", () => {
  it("keeps one connection for many attempts", async () => {
    for (let attempt = 0; attempt < 5; attempt += 1) {
      expect(await ask({ kind: "http", path: "/ready" })).toMatchObject({ verdict: "pass" });
    }
    expect(transport.dialled).toBe(1);
  });

  it("asks again when the server had closed the connection in between", async () => {
    answer = (_request, response) => response.end("{}", () => response.socket?.destroySoon());
    for (let attempt = 0; attempt < 5; attempt += 1) {
      expect(await ask({ kind: "http", path: "/ready" })).toMatchObject({ verdict: "pass" });
    }
  });

  it("sends a token that it looks up, and never repeats it", async () => {
    answer = (request, response) => {
      response.statusCode = 403;
      response.end(`not for ${request.headers.authorization}`);
    };
    const { detail } = await ask({ kind: "http", path: "/", tokenOf: "default" });
    expect(seen[0]!.headers.authorization).toBe(`Bearer ${token}`);
    expect(detail).toContain("answered 403, not 200: not for Bearer [secret]");
  });

  it.each([
    [
      "a secret that is not known",
      { kind: "http", path: "/", tokenOf: "other" },
      "error",
      "the token of other cannot be had: no token here",
    ],
    [
      "a component that is not there",
      { kind: "http", path: "/", at: "postgres" },
      "error",
      "postgres is no part of this release",
    ],
    ["a closed port", { kind: "http", path: "/", port: 1 }, "fail", "connection refused"],
    [
      "Prometheus out of reach",
      { kind: "promql", at: "prometheus", port: 1, query: "up", operator: "==", threshold: 1 },
      "inconclusive",
      "connection refused",
    ],
    [
      "metrics out of reach",
      {
        kind: "metrics",
        port: 1,
        measure: { of: "gauge", gauge: "up" },
        operator: "==",
        threshold: 1,
      },
      "inconclusive",
      "connection refused",
    ],
    [
      "a query with a word that nobody knows",
      { kind: "promql", at: "prometheus", query: "{{x}}", operator: "==", threshold: 1 },
      "error",
      "{{x}} is none of",
    ],
    [
      "a script that is not there",
      { kind: "script", command: ["/no/such"] },
      "error",
      "cannot be run on this machine (ENOENT)",
    ],
    [
      "a script that passes",
      {
        kind: "script",
        command: ["sh", "-c", 'test "$MCP_FLEET_SUBJECT" = scene'],
      },
      "pass",
      "exited with 0",
    ],
    [
      "a script that fails",
      { kind: "script", command: ["sh", "-c", "echo too few rows; exit 1"] },
      "fail",
      "exited with 1: too few rows",
    ],
    [
      "a script that does not know",
      { kind: "script", command: ["sh", "-c", "exit 2"] },
      "inconclusive",
      "exited with 2",
    ],
    [
      "a script that breaks",
      { kind: "script", command: ["sh", "-c", "exit 3"] },
      "error",
      "exited with 3",
    ],
  ])("says what is wrong: %s", async (_, input, verdict, detail) => {
    const found = await ask(input);
    expect(found.detail).toContain(detail);
    expect(found.verdict).toBe(verdict);
  });

  it("does not wait for a component that is not there", async () => {
    expect(await ask({ kind: "tcp", at: "postgres" })).toMatchObject({ terminal: true });
  });

  it("asks Prometheus about the subject", async () => {
    answer = (_request, response) =>
      response.end(
        JSON.stringify({
          data: { resultType: "vector", result: [{ metric: {}, value: [0, "0.5"] }] },
        }),
      );
    const promql = { kind: "promql", at: "prometheus", operator: "<=", threshold: 0.1 };
    expect(await ask({ ...promql, query: 'x{instance="{{instance}}"}' })).toMatchObject({
      verdict: "fail",
      detail: "x of scene is 0.5, not <= 0.1",
    });
    expect(new URL(seen[0]!.url!, "http://x").searchParams.get("query")).toBe(
      'x{instance="scene-1:9464"}',
    );
  });

  it("takes a query that Prometheus refuses for its own mistake", async () => {
    answer = (_request, response) => {
      response.statusCode = 400;
      response.end("parse error");
    };
    const promql = {
      kind: "promql",
      at: "prometheus",
      operator: "<=",
      threshold: 0.1,
      query: "x{",
    };
    expect(await ask(promql)).toMatchObject({
      verdict: "error",
      detail: "Prometheus refuses x{: parse error",
    });
  });

  it("reads a page of metrics once for all probes that want it", async () => {
    let calls = 0;
    answer = (_request, response) => response.end(`calls_total ${(calls += 100)}\nup 1\n`);
    const metrics = { kind: "metrics", operator: "<=", threshold: 5 };
    const ratio = { of: "ratio", counter: "calls_total", failed: "error" };
    await Promise.all([
      ask({ ...metrics, measure: { of: "gauge", gauge: "up" }, name: "scene/a" }),
      ask({ ...metrics, measure: ratio, name: "scene/b" }),
    ]);
    expect(seen).toHaveLength(1);
  });

  it("counts restarts from its first look at an old workload, and all of a young one", async () => {
    const state = { running: true, terminal: false, detail: "is running" };
    const old = "2020-01-01T00:00:00Z";
    transport.states = [
      { ...state, created: old, restarts: 7 },
      { ...state, created: old, restarts: 8 },
    ];
    expect(await ask({ kind: "state" })).toMatchObject({ verdict: "pass" });
    expect(await ask({ kind: "state" })).toMatchObject({
      verdict: "fail",
      terminal: true,
    });
    transport.states = [{ ...state, created: new Date().toISOString(), restarts: 1 }];
    expect(await ask({ kind: "state", name: "scene/y" })).toMatchObject({
      terminal: true,
    });
  });

  it("gives up with its signal", async () => {
    answer = () => undefined;
    const stop = AbortSignal.timeout(50);
    await expect(ask({ kind: "http", path: "/" }, stop)).rejects.toThrow(/aborted|timeout/i);
  });
});

describe("a policy", () => {
  const policy = (
    probes: readonly Probe[],
    baseline: "excuse" | "blame" = "excuse",
  ): HealthPolicy => ({
    version: 1,
    mode: { kind: "gate" },
    baseline,
    probes: [...probes],
    targets,
  });
  const ready = () =>
    probe({
      kind: "http",
      path: "/ready",
      intervalSeconds: 0.1,
      retries: 2,
      startPeriodSeconds: 30,
    });

  it("is judged by where its release runs", async () => {
    expect((await judgePolicy(policy([ready()]), { transport })).verdict).toBe("pass");
  });

  it.each([
    ["excuse", "pass"],
    ["blame", "fail"],
  ] as const)("%ss what the release before had too", async (baseline, verdict) => {
    answer = (_request, response) => {
      response.statusCode = 503;
      response.end();
    };
    const asked = policy([{ ...ready(), startPeriodSeconds: 0 }], baseline);
    const before = await surveyPolicy(asked, { transport }, 1);
    expect([...before]).toMatchObject([["scene/x", { verdict: "fail" }]]);
    expect((await judgePolicy(asked, { transport, before })).verdict).toBe(verdict);
  });

  it("finds no fault with a release before that slipped once", async () => {
    let asked = 0;
    answer = (_request, response) => {
      response.statusCode = (asked += 1) === 1 ? 503 : 200;
      response.end();
    };
    expect((await surveyPolicy(policy([ready()]), { transport }, 0.5)).size).toBe(0);
    const once = { ...ready(), intervalSeconds: 60 };
    asked = 0;
    expect((await surveyPolicy(policy([once]), { transport }, 0.3)).size).toBe(0);
  });
});
