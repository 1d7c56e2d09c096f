import { createServer } from "node:net";
import { afterAll, describe, expect, it } from "vitest";
import type { Answer } from "../../../components/health/answer.ts";
import { Prober } from "../../../components/health/prober.ts";
import { DockerTransport } from "../../../components/platform/docker/transport.ts";
import { docker } from "../../artefacts/database-harness.ts";
import { ask, probe, type ProbeLab, type Question } from "./probe-lab.ts";

/** What each kind of probe finds out about real containers, by both ways to them. */
export function answerClaims(lab: ProbeLab): void {
  describe.each(["direct", "tunnel"] as const)("a container that publishes nothing, %s", (way) => {
    const prober = lab.proberBy(way);
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
        {
          kind: "postgres",
          port: 5432,
          database: "postgres",
          user: "nobody",
          passwordOf: "scene_a",
        },
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
      expect(answer.detail).not.toContain(lab.password);
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
}
