import { equal, select } from "../metrics/select.ts";
import { aftermath } from "./aftermath.ts";
import {
  counter,
  evaluationAt,
  level,
  rateCases,
  stateCases,
  steady,
  tailSeconds,
  together,
} from "./cases.ts";
import { defineAlert } from "./define-alert.ts";
import { gateway, gatewayGone, perRoute, routeGone, routes } from "./gateway-parts.ts";
import { countedCalls, ratioCases } from "./ratio-cases.ts";
import { scene } from "./server-parts.ts";
import { type Growth, shareJudged } from "./share.ts";
import { showThreshold } from "./threshold.ts";

export const gatewayDown = defineAlert({
  name: "GatewayDown",
  group: "gateway",
  severity: "critical",
  forSeconds: 120,
  thresholds: {},
  expr: () => `max by (service, component) (${select("up", { component: "gateway" })}) == 0`,
  summary: "The gateway is down",
  description: (_t, { forSeconds }) =>
    `The gateway has not answered Prometheus for ${showThreshold("seconds", forSeconds)}; no server can be reached through it.`,
  runbook: {
    meaning: "Prometheus cannot scrape HAProxy, which is the only way to every server.",
    impact: "No client reaches any server.",
    diagnosis: [
      "`curl -i http://127.0.0.1:8080/healthz` on the machine: does it answer?",
      "`docker logs --tail 50 <gateway>`: HAProxy says which line it refuses, or that memory ran out.",
    ],
    mitigation: [
      "`docker restart <gateway>`; it reads its last valid configuration.",
      "Began with a release: `./fleet rollback`.",
    ],
  },
  tests: (_t, { forSeconds }) => {
    const up = (labels: object) => select("up", { ...labels, instance: equal("a") });
    return stateCases({
      forSeconds,
      series: up(gateway),
      goodIs: "it answers",
      firing: { labels: gateway },
      others: { "a server that is down is not the gateway": up(scene) },
    });
  },
});

export const gatewayRejections = defineAlert({
  name: "GatewayRejections",
  group: "gateway",
  severity: "warning",
  forSeconds: 300,
  service: "gateway",
  component: "gateway",
  thresholds: {
    ratio: {
      unit: "ratio",
      default: 0.5,
      min: 0.01,
      what: "Share of answers with a status of 400 to 499.",
    },
    minimumCalls: {
      unit: "count",
      default: 100,
      min: 1,
      what: "Requests within 5 minutes below which a share says nothing.",
    },
  },
  expr: (t) => {
    const answers = (code: object) => (growth: Growth) =>
      `sum(${growth}(${select("haproxy_frontend_http_responses_total", { proxy: "gateway_public", ...code })}[5m]))`;
    return shareJudged({
      part: answers({ code: "4xx" }),
      whole: answers({}),
      is: ">",
      ratio: t.ratio,
      minimum: t.minimumCalls,
    });
  },
  summary: "The gateway turns many requests away",
  description: (t) =>
    `{{ $value | humanizePercentage }} of all answers are 4xx (wrong token, origin, path or limit); up to ${showThreshold("ratio", t.ratio)} are usual.`,
  runbook: {
    meaning:
      "Most requests are refused before they reach a server: no or wrong token (401), foreign origin (403), unknown path or session (404), too many (429).",
    impact: "A client with an old token, or a scan, or a client in a loop. Others are not harmed.",
    diagnosis: [
      "The access log of the gateway by status and address: `docker logs <gateway> | grep '\"status\":401'`.",
    ],
    mitigation: [
      "An old token: give the client a new one.",
      "A stranger: block the address in front of the gateway.",
    ],
  },
  causes: gatewayGone,
  tests: (t, context) =>
    ratioCases({
      ...context,
      windowSeconds: 300,
      threshold: t.ratio,
      minimumCalls: t.minimumCalls,
      series: (phases) => {
        const answers = (code: "2xx" | "4xx", proxy: string) =>
          select("haproxy_frontend_http_responses_total", { ...gateway, proxy, code });
        const { good, bad, total } = countedCalls(phases);
        return {
          [answers("2xx", "gateway_public")]: good,
          [answers("4xx", "gateway_public")]: bad,
          [answers("2xx", "gateway_metrics")]: total,
        };
      },
      firing: (value) => ({ labels: {}, value }),
    }),
});

export const gatewayConnectionErrors = defineAlert({
  name: "GatewayConnectionErrors",
  group: "gateway",
  severity: "warning",
  forSeconds: 300,
  component: "gateway",
  thresholds: {
    rate: { unit: "perMinute", default: 5, min: 0, what: "Connections to a server that fail." },
  },
  // Shorter than the duration: an outage that is over has had its own alert.
  expr: (t) =>
    `60 * sum by (service) (${perRoute(`rate(${select("haproxy_backend_connection_errors_total", routes)}[2m])`)}) > ${t.rate}`,
  summary: "The gateway cannot connect to {{ $labels.service }}",
  description: (t) =>
    `{{ $value | humanize }} connections to {{ $labels.service }} fail each minute; up to ${t.rate} are tolerated.`,
  runbook: {
    meaning:
      "HAProxy could not open a connection, although it thinks that the container is up. Only these attempts are repeated, twice.",
    impact: "Calls are late; after the third attempt they fail with 503.",
    diagnosis: [
      "Is the server's process alive but not listening? Are its file descriptors used up (`process_open_fds`)?",
    ],
    mitigation: ["Restart the container.", "Raise its `cpus` if it cannot keep up with accepting."],
  },
  causes: routeGone,
  tests: (t, { forSeconds }) => {
    const windowSeconds = 120;
    const threshold = t.rate / 60;
    const series = (values: string) => ({
      [select("haproxy_backend_connection_errors_total", { ...gateway, proxy: "scene" })]: values,
    });
    const labels = { service: "scene" };
    return together(
      rateCases({
        ...{ forSeconds, windowSeconds, threshold, series },
        firing: { labels, value: t.rate * 1.05 },
      }),
      aftermath({
        ...{ forSeconds, windowSeconds, firing: { labels } },
        series: (start, burst, tail) =>
          series(counter([0, start], [100 * threshold, burst], [0, tail])),
      }),
    );
  },
});

export const gatewayConnections = defineAlert({
  name: "GatewayConnections",
  group: "gateway",
  severity: "warning",
  forSeconds: 120,
  thresholds: {
    ratio: {
      unit: "ratio",
      default: 0.8,
      min: 0.01,
      max: 0.99,
      what: "Share of the connections that the gateway may have.",
    },
  },
  expr: (t) =>
    `max by (service, component) (max_over_time(${select("haproxy_process_current_connections")}[1m]) / ${select("haproxy_process_max_connections")}) > ${t.ratio}`,
  summary: "The gateway is close to its limit of connections",
  description: (t) =>
    `{{ $value | humanizePercentage }} of the connections that the gateway may have are open; ${showThreshold("ratio", t.ratio)} is the warning.`,
  runbook: {
    meaning:
      "`maxconn` follows from the gateway's memory. At the limit new clients wait in the kernel's queue.",
    impact: "Soon: new connections hang.",
    diagnosis: [
      "One client or many? `haproxy_backend_current_sessions` by route; the access log by client.",
      "Event streams that are never closed count too.",
    ],
    mitigation: [
      "Raise `gateway.memoryMb`.",
      "Lower `gateway.maxConcurrentPerClient` or `gateway.streamTimeoutSeconds`.",
    ],
  },
  causes: gatewayGone,
  tests: (t, { forSeconds }) => {
    const current = select("haproxy_process_current_connections", gateway);
    const max = {
      [select("haproxy_process_max_connections", gateway)]: steady(1024, forSeconds + tailSeconds),
    };
    const over = Math.min(1, t.ratio * 1.05) * 1024;
    const firing = { labels: gateway, value: over / 1024 };
    const peaks = (pause: number) =>
      `${over} ${"0 ".repeat(pause)}`.repeat(Math.ceil((forSeconds + 1800) / 60)).trim();
    return together(
      level({
        forSeconds,
        bad: { ...max, [current]: steady(over, forSeconds + tailSeconds) },
        good: { ...max, [current]: steady(t.ratio * 1024, forSeconds + tailSeconds) },
        firing,
      }),
      {
        fires: [
          {
            name: "a peak every minute",
            series: { ...max, [current]: peaks(3) },
            atSeconds: evaluationAt(forSeconds) + 120,
            firing: [firing],
          },
        ],
        quiet: [
          {
            name: "a peak every two minutes",
            series: { ...max, [current]: peaks(7) },
            atSeconds: Math.ceil((forSeconds + 240) / 120) * 120 + 105,
          },
        ],
      },
    );
  },
});
