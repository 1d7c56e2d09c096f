import { createServer } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Answer } from "../../../components/health/answer.ts";
import { judge, type JudgeMode } from "../../../components/health/judge.ts";
import {
  probeSchema,
  type Probe,
  type ProbeInput,
} from "../../../components/health/probe.schema.ts";
import { policyFor } from "../../../components/health/policy.ts";
import { judgePolicy, onlySubjects } from "../../../components/health/run-policy.ts";
import { Prober } from "../../../components/health/prober.ts";
import { serverTriggers } from "../../../components/health/triggers.ts";
import { DockerTransport } from "../../../components/platform/docker/transport.ts";
import { loadStackFleet } from "../../../infra/cli/commands/config.ts";
import { rootDir } from "../../../infra/root-dir.ts";
import { buildImages, docker, must } from "../../artefacts/database-harness.ts";
import { HealthLab } from "./lab.ts";

const lab = new HealthLab();
const { password } = lab;
const transports: DockerTransport[] = [];

/** The two ways to a container: by its address, and through a helper on its network. */
function transportBy(way: "direct" | "tunnel"): DockerTransport {
  const transport = new DockerTransport({
    stack: lab.stack,
    transaction: "t-test",
    helperImage: "mcp-fleet-test/haproxy:latest",
    way,
  });
  transports.push(transport);
  return transport;
}

function proberBy(way: "direct" | "tunnel" = "direct"): Prober {
  return new Prober({
    transport: transportBy(way),
    targets: lab.targets,
    secrets: ({ of }) =>
      of === "unknown" ? Promise.reject(new Error("no such role")) : Promise.resolve(password),
  });
}

type Question = ProbeInput extends infer P
  ? P extends { name: string; subject: string }
    ? Omit<P, "name" | "subject">
    : never
  : never;

function probe(subject: string, question: Question, name: string = question.kind): Probe {
  return probeSchema.parse({ name: `${subject}/${name}`, subject, ...question });
}

async function ask(prober: Prober, asked: Probe): Promise<Answer> {
  return prober.ask(asked, AbortSignal.timeout(20_000));
}

async function judged(probes: readonly Probe[], mode: JudgeMode) {
  const prober = proberBy();
  try {
    return await judge(probes, mode, { ask: prober.ask });
  } finally {
    prober.close();
  }
}

beforeAll(async () => {
  await buildImages(["mcp-server", "haproxy", "postgres", "prometheus"]);
  await lab.open();
  await Promise.all([
    lab.server("scene"),
    lab.server("mute", { FAULT: "no-mcp", DATABASE_HOST: "nowhere.invalid" }),
    lab.postgres("scene_a"),
  ]);
  const up = ["scene", "mute"].map((name) =>
    probe(name, { kind: "tcp", port: 3005, startPeriodSeconds: 60 }),
  );
  const database = { kind: "postgres", port: 5432, database: "postgres", user: "scene_a" } as const;
  const started = probe("postgres", {
    ...database,
    passwordOf: "scene_a",
    startPeriodSeconds: 60,
  });
  const { reasons } = await judged([...up, started], { kind: "gate" });
  expect(reasons).toEqual([]);
});

afterAll(async () => {
  await Promise.all(transports.map((transport) => transport.close()));
  await lab.close();
  expect((await must("ps", "-aq", `--filter=name=${lab.prefix}`)).trim()).toBe("");
});

describe.each(["direct", "tunnel"] as const)("a container that publishes nothing, %s", (way) => {
  const prober = proberBy(way);
  afterAll(() => prober.close());

  it.each<[string, string, Question, Answer["verdict"], RegExp]>([
    ["http", "scene", { kind: "http", port: 3005, path: "/live" }, "pass", /answered 200/],
    [
      "a server without its database",
      "mute",
      {
        kind: "http",
        port: 3005,
        path: "/health",
        expectStatus: [200, 503],
        expectJson: ["database.healthy == true"],
      },
      "fail",
      /GET \/health on port 3005 of mute answered 503, but database.healthy is false, not true/,
    ],
    ["mcp", "scene", { kind: "mcp", port: 3005 }, "pass", /2025 with \d+ tools/],
    [
      "mcp, both revisions and a call",
      "scene",
      {
        kind: "mcp",
        port: 3005,
        revisions: ["2025", "2026-07-28"],
        tool: { name: "server_status", required: true },
      },
      "pass",
      /2025 with \d+ tools and server_status; 2026-07-28 with \d+ tools and server_status$/,
    ],
    ["a broken handshake", "mute", { kind: "mcp", port: 3005 }, "fail", /initialize: HTTP 500/],
    [
      "a broken stateless handshake",
      "mute",
      { kind: "mcp", port: 3005, revisions: ["2026-07-28"] },
      "fail",
      /server\/discover: HTTP 500/,
    ],
    [
      "a missing tool",
      "scene",
      { kind: "mcp", port: 3005, tool: { name: "x", required: true } },
      "fail",
      /has no tool x/,
    ],
    ["tcp", "scene", { kind: "tcp", port: 3005 }, "pass", /was accepted/],
    ["a closed port", "scene", { kind: "tcp", port: 3999 }, "fail", /connection refused/],
    [
      "http on a closed port",
      "scene",
      { kind: "http", port: 3999, path: "/" },
      "fail",
      /connection refused/,
    ],
    [
      "postgres",
      "postgres",
      {
        kind: "postgres",
        port: 5432,
        database: "postgres",
        user: "scene_a",
        passwordOf: "scene_a",
        query: "SELECT 40 + 2",
        expect: 42,
      },
      "pass",
      /query as scene_a on port 5432 of postgres was answered/,
    ],
    [
      "postgres, another result",
      "postgres",
      {
        kind: "postgres",
        port: 5432,
        database: "postgres",
        user: "scene_a",
        passwordOf: "scene_a",
        expect: 2,
      },
      "fail",
      /gave 1, not 2/,
    ],
    [
      "postgres, nobody's password",
      "postgres",
      { kind: "postgres", port: 5432, database: "postgres", user: "nobody", passwordOf: "scene_a" },
      "fail",
      /was refused: password authentication failed/,
    ],
    [
      "a secret that is missing",
      "postgres",
      {
        kind: "postgres",
        port: 5432,
        database: "postgres",
        user: "scene_a",
        passwordOf: "unknown",
      },
      "error",
      /the password of unknown cannot be had: no such role/,
    ],
    [
      "a command",
      "scene",
      { kind: "command", command: ["cat", "/proc/self/status"], expectOutput: "Uid:\t10077" },
      "pass",
      /exited with 0/,
    ],
    [
      "a failing command",
      "scene",
      { kind: "command", command: ["ls", "/nowhere"] },
      "fail",
      /exited with 2, not 0: .*No such file/,
    ],
    [
      "a command that is not there",
      "scene",
      { kind: "command", command: ["nothing-like-it"] },
      "fail",
      /12[67]/,
    ],
    [
      "a file",
      "scene",
      { kind: "file_system", path: "/app/server.mjs", minFreeMb: 1 },
      "pass",
      /has \d+ MiB free/,
    ],
    [
      "a file that is not there",
      "scene",
      { kind: "file_system", path: "/app/x" },
      "fail",
      /does not exist/,
    ],
    [
      "no space",
      "scene",
      { kind: "file_system", path: "/tmp", minFreeMb: 10_000_000 },
      "fail",
      /less than/,
    ],
    [
      "a container that is gone",
      "nobody",
      { kind: "state" },
      "error",
      /nobody is no part of this release/,
    ],
    ["the state", "scene", { kind: "state" }, "pass", /scene is running/],
    [
      "metrics",
      "scene",
      {
        kind: "metrics",
        port: 9464,
        measure: { of: "gauge", gauge: "mcp_database_up" },
        operator: "==",
        threshold: 1,
      },
      "pass",
      /is == 1/,
    ],
    [
      "too few calls",
      "scene",
      {
        kind: "metrics",
        port: 9464,
        measure: { of: "ratio", counter: "mcp_requests_total", failed: "x" },
        operator: "<=",
        threshold: 0,
      },
      "inconclusive",
      /fewer than 20 calls/,
    ],
  ])("%s", async (name, subject, question, verdict, detail) => {
    const answer = await ask(prober, probe(subject, question, name.replaceAll(/[^a-z]/g, "-")));
    expect(answer.detail).toMatch(detail);
    expect(answer.verdict).toBe(verdict);
    expect(answer.detail).not.toContain(password);
  });

  it("keeps its connections from one attempt to the next", async () => {
    const live = probe("scene", { kind: "http", port: 3005, path: "/live" });
    const connections = () =>
      docker("exec", lab.targets["scene"]!.workload, "sh", "-c", "grep -c ' 01 ' /proc/net/tcp");
    await ask(prober, live);
    const before = (await connections()).output;
    for (let attempt = 0; attempt < 10; attempt += 1) await ask(prober, live);
    expect((await connections()).output).toBe(before);
  });
});

describe("a container", () => {
  const transport = transportBy("direct");

  it("shows its log and itself, without the values of its environment", async () => {
    const target = lab.targets["scene"]!;
    expect(await transport.logs(target, 50)).toMatch(/"msg"|listening|database/);
    const inspected = JSON.stringify(await transport.inspect(target));
    expect(inspected).toContain("SERVER_NAME=...");
    expect(inspected).not.toContain("SERVER_NAME=scene");
  });

  it("that does not exist is at its end", async () => {
    const gone = { component: "gone", workload: `${lab.prefix}-gone` };
    expect(await transport.state(gone)).toMatchObject({ running: false, terminal: true });
    await expect(transport.dial(gone, 1)).rejects.toThrow("does not exist");
  });

  /** What the policy of a fleet asks of a server before the switch. */
  const gateOf = (name: string) => {
    const { servers, ...parts } = loadStackFleet({
      rootDir,
      stack: "staging",
      sets: [],
      env: {},
    }).fleet;
    const policy = policyFor({
      servers: [{ ...servers.find((server) => server.name === "scene")!, name }],
      database: parts.postgres.name,
      scrapeIntervalSeconds: parts.monitoring.prometheus.scrapeIntervalSeconds,
      health: parts.health,
      rollout: parts.rollout,
    });
    return onlySubjects(policy.private, new Set([name]));
  };
  const gated = async (name: string) => {
    const transport = transportBy("direct");
    const lines: string[] = [];
    const judgement = await judgePolicy(gateOf(name), {
      transport,
      targets: lab.targets,
      onEvent: (event) => {
        if (event.kind === "decided")
          lines.push(`${event.at} ${event.probe} ${event.status}: ${event.detail}`);
      },
    });
    const { since } = await transport.state(lab.targets[name]!);
    return { judgement, lines, since: Date.parse(since!) };
  };

  it("passes the gate of the fleet soon after it is ready", async () => {
    await lab.server("late");
    const { judgement, lines, since } = await gated("late");
    const ready = lines.find((line) => line.includes("late/ready passed"))!;
    const end = Date.parse(judgement.startedAt) + judgement.ms;
    console.log(`passed ${end - since} ms after its start:\n${lines.join("\n")}`);
    expect(judgement.reasons).toEqual([]);
    expect(end - Date.parse(ready.split(" ")[0]!)).toBeLessThan(5000);
  });

  it.each([
    ["exits", { FAULT: "exit" }, /^exits\/(started|steady): exits .*; started again 1 time$/],
    [
      "unspeaking",
      { FAULT: "no-mcp" },
      /^unspeaking\/mcp: .* initialize: HTTP 500.*, 3 times in a row$/,
    ],
  ])("does not pass it when it %s", async (name, env, reason) => {
    await lab.server(name, env);
    const started = Date.now();
    const { judgement } = await gated(name);
    console.log(`${name}, known after ${Date.now() - started} ms: ${judgement.reasons.join("; ")}`);
    expect(judgement).toMatchObject({ verdict: "fail", subjects: [name] });
    expect(judgement.reasons[0]).toMatch(reason);
  });
});

describe("a release that is watched", () => {
  const triggers = (name: string) =>
    serverTriggers(
      name,
      { errorRatio: 0.1, p95Ms: 200, minCalls: 20 },
      { metricsPort: 9464, scrapeIntervalSeconds: 15 },
    )
      .filter(({ kind }) => kind === "metrics")
      .map((input) => probeSchema.parse(input));
  /** Stands for clients: its own verdict does not count. */
  const traffic = (name: string, calls: number) =>
    probe(
      name,
      {
        kind: "mcp",
        port: 3005,
        revisions: ["2026-07-28"],
        tool: { name: "server_status" },
        calls,
        critical: false,
        startPeriodSeconds: 60,
        timeoutSeconds: 30,
      },
      "traffic",
    );

  it.each([
    [
      "failing",
      { FAULT: "fail:0.9" },
      /error ratio of failing is [01][.\d]* \(\d+ calls\), not <= 0\.1/,
    ],
    ["slow", { FAULT: "slow:400" }, /p95 of slow is 0\.\d+ s \(\d+ calls\), not <= 0\.2 s/],
  ])("is caught %s by its own metrics", async (name, env, reason) => {
    await lab.server(name, env);
    const up = await judged([probe(name, { kind: "tcp", port: 3005, startPeriodSeconds: 40 })], {
      kind: "gate",
    });
    expect(up.verdict).toBe("pass");
    const clients = Array.from({ length: 3 }, (_, at) => ({
      ...traffic(name, 5),
      name: `${name}/traffic-${at}`,
      // A failing call ends an attempt: ask again soon.
      intervalSeconds: 0.2,
      retries: 100,
    }));
    const judgement = await judged([...clients, ...triggers(name)], { kind: "watch", seconds: 40 });
    console.log(`${name}, known after ${judgement.ms} ms of watching`);
    expect(judgement.reasons.join()).toMatch(reason);
    expect(judgement.ms).toBeLessThan(45_000);
  });

  it("stays if it is quick and right", async () => {
    const judgement = await judged([traffic("scene", 10), ...triggers("scene")], {
      kind: "watch",
      seconds: 6,
    });
    expect(judgement.reasons).toEqual([]);
    expect(judgement.verdict).toBe("pass");
  });
});

describe("an engine that is gone", () => {
  it("is an error of the one who asks, not of the server", async () => {
    // A port that nobody listens on any more.
    const server = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    const { port } = server.address() as { port: number };
    await new Promise((resolve) => server.close(resolve));
    const { default: Docker } = await import("dockerode");
    const prober = new Prober({
      transport: new DockerTransport({
        docker: new Docker({ host: "127.0.0.1", port }),
        stack: lab.stack,
        transaction: "t-test",
      }),
      targets: lab.targets,
    });
    expect(await ask(prober, probe("scene", { kind: "state" }))).toMatchObject({
      verdict: "error",
      detail: expect.stringContaining("the Docker engine: ") as string,
    });
  });
});
