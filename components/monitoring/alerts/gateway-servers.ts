import { select } from "../metrics/select.ts";
import { aftermath } from "./aftermath.ts";
import { burst, evaluationAt, level, steady, stepSeconds, tailSeconds, together } from "./cases.ts";
import { defineAlert } from "./define-alert.ts";
import { gateway, perRoute, routeGone, routes, serversGone } from "./gateway-parts.ts";
import { countedCalls, type Phase, ratioCases } from "./ratio-cases.ts";
import { type Growth, shareJudged } from "./share.ts";
import { showThreshold } from "./threshold.ts";

/** Later than ServiceDown, which mutes it: a server that has stopped is one page, not two. */
export const gatewayBackendDown = defineAlert({
  name: "GatewayBackendDown",
  group: "gateway",
  severity: "critical",
  forSeconds: 150,
  component: "gateway",
  thresholds: {},
  expr: () =>
    `max by (service) (${perRoute(select("haproxy_backend_status", { ...routes, state: "UP" }))}) == 0`,
  summary: "The gateway has no server for {{ $labels.service }}",
  description: (_t, { forSeconds }) =>
    `Every container of {{ $labels.service }} has failed the gateway's check for ${showThreshold("seconds", forSeconds)}; callers get 503.`,
  runbook: {
    meaning:
      "The gateway asks each container for `/ready` every two seconds. None of this route answers with 200.",
    impact: "Calls to this server get 503. Others go on.",
    diagnosis: [
      "Does the container run? Then ask it: `docker exec <container> node -e \"fetch('http://127.0.0.1:<port>/ready').then(r => console.log(r.status))\"`.",
      "Not ready: its `/health` says what it waits for, most often the database.",
      "Ready, yet down for the gateway: a name that does not resolve, or the network between them.",
    ],
    mitigation: ["Restart the container.", "Began with a release: `./fleet rollback`."],
  },
  causes: [...serversGone, { alert: "DatabaseConnectionFailure", scope: "service" }],
  tests: (_t, { forSeconds }) => {
    const status = (proxy: string, value: number) => ({
      [select("haproxy_backend_status", { ...gateway, proxy, state: "UP" })]: steady(
        value,
        forSeconds + tailSeconds,
      ),
      [select("haproxy_backend_status", { ...gateway, proxy, state: "DOWN" })]: steady(
        1 - value,
        forSeconds + tailSeconds,
      ),
    });
    return together(
      level({
        forSeconds,
        bad: { ...status("scene", 0), ...status("review", 1) },
        good: status("scene", 1),
        goodIs: "it has one",
        firing: { labels: { service: "scene" } },
      }),
      {
        quiet: [
          {
            name: "the gateway's own backend rests",
            series: status("gateway_successor", 0),
            atSeconds: forSeconds + 600,
          },
        ],
      },
    );
  },
});

export const gatewayServerFlapping = defineAlert({
  name: "GatewayServerFlapping",
  group: "gateway",
  severity: "warning",
  forSeconds: 0,
  component: "gateway",
  thresholds: {
    times: {
      unit: "count",
      default: 3,
      min: 1,
      what: "Times that a container goes down within 10 minutes.",
    },
  },
  // Of one container: several that go once each, as when the load falls, are no trouble.
  expr: (t) =>
    `max by (service) (${perRoute(`increase(${select("haproxy_server_check_up_down_total", routes)}[10m])`)}) > ${t.times}`,
  summary: "{{ $labels.service }} comes and goes",
  description: (t) =>
    `A container of {{ $labels.service }} failed the gateway's check more than ${t.times} times within 10 minutes.`,
  runbook: {
    meaning:
      "A container passes and fails the gateway's check in turn. Each time its traffic goes elsewhere, or gets 503.",
    impact: "Some calls fail or are slow; sessions of the 2025 protocol break.",
    diagnosis: [
      "Does it restart (ServiceRestarting)? Is it short of processor or memory? Does its database come and go?",
    ],
    mitigation: ["Raise `cpus` or `memoryMb`.", "Began with a release: `./fleet rollback`."],
  },
  causes: serversGone,
  tests: (t) => {
    const downs = (server: string) =>
      select("haproxy_server_check_up_down_total", { ...gateway, proxy: "scene", server });
    return together(
      burst({
        windowSeconds: 600,
        threshold: t.times,
        series: (values) => ({ [downs("scene-1")]: values }),
        firing: () => ({ labels: { service: "scene" } }),
      }),
      {
        quiet: [
          {
            name: "many copies go once each",
            series: Object.fromEntries(
              Array.from({ length: t.times + 3 }, (_, copy) => [
                downs(`scene-${copy}`),
                "0x10 1x30",
              ]),
            ),
            atSeconds: 300,
          },
        ],
      },
    );
  },
});

export const gatewayServerErrors = defineAlert({
  name: "GatewayServerErrors",
  group: "gateway",
  severity: "warning",
  forSeconds: 300,
  component: "gateway",
  thresholds: {
    ratio: {
      unit: "ratio",
      default: 0.05,
      min: 0.0001,
      what: "Share of answers with a status of 500 and above.",
    },
    minimumCalls: {
      unit: "count",
      default: 10,
      min: 1,
      what: "Answers within 2 minutes below which a share says nothing.",
    },
  },
  expr: (t) => {
    // Shorter than the duration: an outage that is over has had its own alert.
    const answers = (code: object) => (growth: Growth) =>
      `sum by (service) (${perRoute(`${growth}(${select("haproxy_backend_http_responses_total", { ...routes, ...code })}[2m])`)})`;
    return shareJudged({
      part: answers({ code: "5xx" }),
      whole: answers({}),
      is: ">",
      ratio: t.ratio,
      minimum: t.minimumCalls,
    });
  },
  summary: "Calls to {{ $labels.service }} end with server errors",
  description: (t) =>
    `{{ $value | humanizePercentage }} of the answers for {{ $labels.service }} are 5xx; up to ${showThreshold("ratio", t.ratio)} are tolerated.`,
  runbook: {
    meaning: "Answers with status 500 and above, the gateway's own 503 and 504 included.",
    impact: "These calls did not get an MCP answer at all.",
    diagnosis: [
      "The gateway's access log of these calls: `termination` tells whether the server refused, broke off or was late.",
      "503 at once: no container was ready. 504: it did not answer in time.",
    ],
    mitigation: [
      "Follow the alert of the server or the database.",
      "Began with a release: `./fleet rollback`.",
    ],
  },
  causes: routeGone,
  tests: (t, context) => {
    const windowSeconds = 120;
    const series = (phases: readonly Phase[]) => {
      const answers = (code: "2xx" | "5xx", proxy: string) =>
        select("haproxy_backend_http_responses_total", { ...gateway, proxy, code });
      const { good, bad, total } = countedCalls(phases);
      return {
        [answers("2xx", "scene")]: good,
        [answers("5xx", "scene")]: bad,
        [answers("5xx", "gateway_clients")]: total,
      };
    };
    const labels = { service: "scene" };
    const { ratio: threshold, minimumCalls } = t;
    const perSecond = minimumCalls;
    const share = Math.min(1, 1.2 * threshold);
    return together(
      ratioCases({
        ...{ ...context, windowSeconds, threshold, minimumCalls, series },
        firing: (value) => ({ labels, value }),
      }),
      aftermath({
        ...context,
        windowSeconds,
        series: (start, burst, tail) =>
          series([
            { perSecond, bad: 0, seconds: start },
            { perSecond, bad: 1, seconds: burst },
            { perSecond, bad: 0, seconds: tail },
          ]),
        firing: { labels },
      }),
      {
        fires: [
          {
            name: "the load falls meanwhile, and the share stays",
            series: series([
              { perSecond: 10 * perSecond, bad: share, seconds: 2 * windowSeconds },
              { perSecond, bad: share, seconds: tailSeconds },
            ]),
            atSeconds: evaluationAt(stepSeconds + context.forSeconds),
            firing: [{ labels }],
            only: "labels",
          },
        ],
      },
    );
  },
});

export const gatewayQueue = defineAlert({
  name: "GatewayQueue",
  group: "gateway",
  severity: "warning",
  forSeconds: 120,
  component: "gateway",
  thresholds: {
    requests: { unit: "count", default: 0, min: 0, what: "Requests that wait for a server." },
  },
  expr: (t) =>
    `sum by (service) (${perRoute(select("haproxy_backend_current_queue", routes))}) > ${t.requests}`,
  summary: "Requests wait at the gateway for {{ $labels.service }}",
  description: (t) =>
    `{{ $value | humanize }} requests wait for a container of {{ $labels.service }}; up to ${t.requests} may.`,
  runbook: {
    meaning:
      "No container of the route takes the requests at once. After 5 seconds in the queue they get 503.",
    impact: "Calls are late, then fail.",
    diagnosis: [
      "How many containers are up (`haproxy_backend_active_servers`)? How busy are they (`mcp_in_flight_calls`)?",
    ],
    mitigation: ["Bring the missing container back.", "Slow calls: find the slow tool."],
  },
  causes: routeGone,
  tests: (t, { forSeconds }) => {
    const series = (value: number) => ({
      [select("haproxy_backend_current_queue", { ...gateway, proxy: "scene" })]: steady(
        value,
        forSeconds + tailSeconds,
      ),
    });
    return level({
      forSeconds,
      bad: series(t.requests + 1),
      good: series(t.requests),
      firing: { labels: { service: "scene" }, value: t.requests + 1 },
    });
  },
});
