import { equal, not, select } from "../metrics/select.ts";
import type { AlertTests } from "./alert-rule.ts";
import { type AlertContext, defineAlert } from "./define-alert.ts";
import { countedCalls, ratioCases } from "./ratio-cases.ts";
import { databaseCauses, minimumCalls, perServer, scene, windowSeconds } from "./server-parts.ts";
import { type Growth, shareJudged } from "./share.ts";
import { showThreshold } from "./threshold.ts";

const growthOf = (name: "mcp_errors_total" | "mcp_requests_total") => (growth: Growth) =>
  `${perServer} (${growth}(${select(name)}[5m]))`;

const errorRatio = (t: { ratio: number; minimumCalls: number }) =>
  shareJudged({
    part: growthOf("mcp_errors_total"),
    whole: growthOf("mcp_requests_total"),
    is: ">",
    ratio: t.ratio,
    minimum: t.minimumCalls,
  });

function errorTests(t: { ratio: number; minimumCalls: number }, c: AlertContext): AlertTests {
  return ratioCases({
    ...c,
    windowSeconds,
    threshold: t.ratio,
    minimumCalls: t.minimumCalls,
    series: (phases) => {
      const { total, bad } = countedCalls(phases);
      return {
        [select("mcp_requests_total", { ...scene, instance: equal("a") })]: total,
        [select("mcp_errors_total", { ...scene, instance: equal("a") })]: bad,
      };
    },
    firing: (value) => ({ labels: scene, value }),
  });
}

const errorRunbook = {
  meaning:
    "Too many answers of this server are errors: JSON-RPC errors and tool results with `isError`, over 5 minutes.",
  impact: "Clients see failed calls. Above the critical share a running release is rolled back.",
  diagnosis: [
    'Which kind? `sum by (error_type, gen_ai_tool_name) (rate(mcp_server_operation_duration_seconds_count{service="<server>", error_type!=""}[5m]))`.',
    "`tool_error` alone, one tool, one client: the client may ask for something impossible. Several tools: the server or its database.",
    "Compare with `./fleet history`: did it begin with a release?",
  ],
  mitigation: [
    "Began with a release: `./fleet rollback`.",
    "Database trouble shows in its own alerts: follow those first.",
  ],
};

export const highErrorRate = defineAlert({
  name: "HighErrorRate",
  group: "servers",
  severity: "warning",
  forSeconds: 300,
  thresholds: {
    ratio: { unit: "ratio", default: 0.05, min: 0.0001, what: "Share of calls that fail." },
    minimumCalls,
  },
  expr: errorRatio,
  summary: "{{ $labels.service }} fails calls",
  description: (t) =>
    `{{ $value | humanizePercentage }} of the calls to {{ $labels.service }} failed; up to ${showThreshold("ratio", t.ratio)} are tolerated.`,
  runbook: errorRunbook,
  causes: databaseCauses,
  worse: "CriticalErrorRate",
  tests: errorTests,
});

export const criticalErrorRate = defineAlert({
  name: "CriticalErrorRate",
  group: "servers",
  severity: "critical",
  forSeconds: 300,
  thresholds: {
    ratio: { unit: "ratio", default: 0.1, min: 0.0001, what: "Share of calls that fail." },
    minimumCalls,
  },
  expr: errorRatio,
  summary: "{{ $labels.service }} fails many calls",
  description: (t) =>
    `{{ $value | humanizePercentage }} of the calls to {{ $labels.service }} failed; ${showThreshold("ratio", t.ratio)} is the limit at which a release is rolled back.`,
  runbook: errorRunbook,
  causes: databaseCauses,
  tests: errorTests,
});

const toolCalls = select("mcp_server_operation_duration_seconds_count", {
  mcp_method_name: "tools/call",
});

const successRatio = (t: { ratio: number; minimumCalls: number }) =>
  // A server whose calls all fail has no series of good ones: failed ones are counted, and taken from 1.
  `1 - ${perServer} (rate(${failedToolCalls}[5m])) / ${perServer} (rate(${toolCalls}[5m])) < ${t.ratio} and ${perServer} (increase(${toolCalls}[5m])) >= ${t.minimumCalls}`;

const failedToolCalls = select("mcp_server_operation_duration_seconds_count", {
  mcp_method_name: "tools/call",
  error_type: not(""),
});

function successTests(t: { ratio: number; minimumCalls: number }, c: AlertContext): AlertTests {
  return ratioCases({
    ...c,
    windowSeconds,
    threshold: 1 - t.ratio,
    minimumCalls: t.minimumCalls,
    series: (phases) => {
      const { good, bad, total } = countedCalls(phases);
      const labels = { ...scene, mcp_method_name: "tools/call" };
      const name = "mcp_server_operation_duration_seconds_count";
      return {
        [select(name, { ...labels, gen_ai_tool_name: "list" })]: good,
        [select(name, { ...labels, gen_ai_tool_name: "list", error_type: "tool_error" })]: bad,
        // Other methods do not count, however they end.
        [select(name, { ...scene, mcp_method_name: "ping", error_type: "-32603" })]: total,
      };
    },
    firing: (bad) => ({ labels: scene, value: 1 - bad }),
  });
}

const successRunbook = {
  meaning:
    "Too few tool calls of this server succeed, over 5 minutes. Other MCP methods do not count.",
  impact: "Agents that use these tools cannot finish their work.",
  diagnosis: [
    'Which tool? `sum by (gen_ai_tool_name) (rate(mcp_server_operation_duration_seconds_count{service="<server>", error_type!=""}[5m]))`.',
    "Read the server's log of failed calls; each names its request id, which the client was told.",
  ],
  mitigation: [
    "A tool that a release broke: `./fleet rollback`.",
    "A client that repeats a bad call: talk to its owner, or lower `gateway.rateLimit`.",
  ],
};

export const lowToolSuccess = defineAlert({
  name: "LowToolSuccess",
  group: "servers",
  severity: "warning",
  forSeconds: 120,
  thresholds: {
    ratio: { unit: "ratio", default: 0.95, max: 0.9999, what: "Share of tool calls that succeed." },
    minimumCalls,
  },
  expr: successRatio,
  summary: "Tools of {{ $labels.service }} fail",
  description: (t) =>
    `Only {{ $value | humanizePercentage }} of the tool calls to {{ $labels.service }} succeed; at least ${showThreshold("ratio", t.ratio)} should.`,
  runbook: successRunbook,
  causes: databaseCauses,
  worse: "CriticalToolSuccess",
  fires: "below",
  tests: successTests,
});

export const criticalToolSuccess = defineAlert({
  name: "CriticalToolSuccess",
  group: "servers",
  severity: "critical",
  forSeconds: 60,
  thresholds: {
    ratio: { unit: "ratio", default: 0.9, max: 0.9999, what: "Share of tool calls that succeed." },
    minimumCalls,
  },
  expr: successRatio,
  summary: "Many tool calls to {{ $labels.service }} fail",
  description: (t) =>
    `Only {{ $value | humanizePercentage }} of the tool calls to {{ $labels.service }} succeed; below ${showThreshold("ratio", t.ratio)} agents cannot work.`,
  runbook: successRunbook,
  causes: databaseCauses,
  fires: "below",
  tests: successTests,
});
