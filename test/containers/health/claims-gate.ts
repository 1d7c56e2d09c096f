import { describe, expect, it } from "vitest";
import { policyFor } from "../../../components/health/policy.ts";
import { judgePolicy, onlySubjects } from "../../../components/health/run-policy.ts";
import { loadStackFleet } from "../../../infra/cli/commands/config.ts";
import { rootDir } from "../../../infra/root-dir.ts";
import type { ProbeLab } from "./probe-lab.ts";

/** What the transport tells of a container, and whether the gate of a fleet lets it pass. */
export function gateClaims(lab: ProbeLab): void {
  describe("a container", () => {
    const transport = lab.transportBy("direct");

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
      const transport = lab.transportBy("direct");
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
      console.log(
        `${name}, known after ${Date.now() - started} ms: ${judgement.reasons.join("; ")}`,
      );
      expect(judgement).toMatchObject({ verdict: "fail", subjects: [name] });
      expect(judgement.reasons[0]).toMatch(reason);
    });
  });
}
