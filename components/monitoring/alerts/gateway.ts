import { equal, notMatching, select } from "../metrics/select.ts";
import { burst, evaluationAt, level, rateCases, steady, together } from "./cases.ts";
import { defineAlert, type Alert, type Cause } from "./define-alert.ts";
import { countedCalls, ratioCases } from "./ratio-cases.ts";
import { showThreshold } from "./threshold.ts";

const gateway = { service: "gateway", component: "gateway" } as const;
/** Names with underscores are the gateway's own; the others are servers. */
const routes = { proxy: notMatching("gateway_.*") };
const gatewayGone: readonly Cause[] = [{ alert: "GatewayDown", scope: "fleet" }];
const long = 7200;

/** The route's name as the service: alerts about a server are grouped and inhibited by the server. */
const perRoute = (series: string) => `label_replace(${series}, "service", "$1", "proxy", "(.+)")`;

const gatewayDown = defineAlert({
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
    const series = (value: number, labels: object) => ({
      [select("up", { ...labels, instance: equal("a") })]: steady(value, forSeconds + long),
    });
    return together(
      level({
        forSeconds,
        bad: series(0, gateway),
        good: series(1, gateway),
        goodIs: "it answers",
        firing: { labels: gateway },
      }),
      {
        quiet: [
          {
            name: "a server that is down is not the gateway",
            series: series(0, { service: "scene", component: "mcp-server" }),
            atSeconds: forSeconds + 600,
          },
        ],
      },
    );
  },
});

const gatewayBackendDown = defineAlert({
  name: "GatewayBackendDown",
  group: "gateway",
  severity: "critical",
  forSeconds: 60,
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
  causes: [
    ...gatewayGone,
    { alert: "ServiceDown", scope: "service" },
    { alert: "PostgresDown", scope: "fleet" },
    { alert: "PgbouncerDown", scope: "fleet" },
    { alert: "DatabaseConnectionFailure", scope: "service" },
  ],
  tests: (_t, { forSeconds }) => {
    const status = (proxy: string, value: number) => ({
      [select("haproxy_backend_status", { ...gateway, proxy, state: "UP" })]: steady(
        value,
        forSeconds + long,
      ),
      [select("haproxy_backend_status", { ...gateway, proxy, state: "DOWN" })]: steady(
        1 - value,
        forSeconds + long,
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

const gatewayServerFlapping = defineAlert({
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
  expr: (t) =>
    `sum by (service) (${perRoute(`increase(${select("haproxy_server_check_up_down_total", routes)}[10m])`)}) > ${t.times}`,
  summary: "{{ $labels.service }} comes and goes",
  description: (t) =>
    `Containers of {{ $labels.service }} failed the gateway's check more than ${t.times} times within 10 minutes.`,
  runbook: {
    meaning:
      "A container passes and fails the gateway's check in turn. Each time its traffic goes elsewhere, or gets 503.",
    impact: "Some calls fail or are slow; sessions of the 2025 protocol break.",
    diagnosis: [
      "Does it restart (ServiceRestarting)? Is it short of processor or memory? Does its database come and go?",
    ],
    mitigation: ["Raise `cpus` or `memoryMb`.", "Began with a release: `./fleet rollback`."],
  },
  causes: [...gatewayGone, { alert: "ServiceDown", scope: "service" }],
  tests: (t) =>
    burst({
      windowSeconds: 600,
      threshold: t.times,
      series: (values) => ({
        [select("haproxy_server_check_up_down_total", {
          ...gateway,
          proxy: "scene",
          server: "scene-1",
        })]: values,
      }),
      firing: () => ({ labels: { service: "scene" } }),
    }),
});

const gatewayServerErrors = defineAlert({
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
      default: 20,
      min: 1,
      what: "Answers within 5 minutes below which a share says nothing.",
    },
  },
  expr: (t) => {
    const answers = (code: object, of: string) =>
      `sum by (service) (${perRoute(`${of}(${select("haproxy_backend_http_responses_total", { ...routes, ...code })}[5m])`)})`;
    return `${answers({ code: "5xx" }, "rate")} / ${answers({}, "rate")} > ${t.ratio} and ${answers({}, "increase")} >= ${t.minimumCalls}`;
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
  causes: [
    ...gatewayGone,
    { alert: "ServiceDown", scope: "service" },
    { alert: "GatewayBackendDown", scope: "service" },
  ],
  tests: (t, context) =>
    ratioCases({
      ...context,
      windowSeconds: 300,
      threshold: t.ratio,
      minimumCalls: t.minimumCalls,
      series: (phases) => {
        const answers = (code: "2xx" | "5xx", proxy: string) =>
          select("haproxy_backend_http_responses_total", { ...gateway, proxy, code });
        const good = countedCalls(phases.map((phase) => ({ ...phase, bad: 1 - phase.bad }))).bad;
        const { bad, total } = countedCalls(phases);
        return {
          [answers("2xx", "scene")]: good,
          [answers("5xx", "scene")]: bad,
          [answers("5xx", "gateway_clients")]: total,
        };
      },
      firing: (value) => ({ labels: { service: "scene" }, value }),
    }),
});

const gatewayRejections = defineAlert({
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
    const answers = (code: object, of: string) =>
      `sum(${of}(${select("haproxy_frontend_http_responses_total", { proxy: "gateway_public", ...code })}[5m]))`;
    return `${answers({ code: "4xx" }, "rate")} / ${answers({}, "rate")} > ${t.ratio} and ${answers({}, "increase")} >= ${t.minimumCalls}`;
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
        const good = countedCalls(phases.map((phase) => ({ ...phase, bad: 1 - phase.bad }))).bad;
        const { bad, total } = countedCalls(phases);
        return {
          [answers("2xx", "gateway_public")]: good,
          [answers("4xx", "gateway_public")]: bad,
          [answers("2xx", "gateway_metrics")]: total,
        };
      },
      firing: (value) => ({ labels: {}, value }),
    }),
});

const gatewayConnectionErrors = defineAlert({
  name: "GatewayConnectionErrors",
  group: "gateway",
  severity: "warning",
  forSeconds: 300,
  component: "gateway",
  thresholds: {
    rate: { unit: "perMinute", default: 5, min: 0, what: "Connections to a server that fail." },
  },
  expr: (t) =>
    `60 * sum by (service) (${perRoute(`rate(${select("haproxy_backend_connection_errors_total", routes)}[5m])`)}) > ${t.rate}`,
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
  causes: [
    ...gatewayGone,
    { alert: "ServiceDown", scope: "service" },
    { alert: "GatewayBackendDown", scope: "service" },
  ],
  tests: (t, { forSeconds }) =>
    rateCases({
      forSeconds,
      windowSeconds: 300,
      threshold: t.rate / 60,
      series: (values) => ({
        [select("haproxy_backend_connection_errors_total", { ...gateway, proxy: "scene" })]: values,
      }),
      firing: { labels: { service: "scene" }, value: t.rate * 1.05 },
    }),
});

const gatewayConnections = defineAlert({
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
      [select("haproxy_process_max_connections", gateway)]: steady(1024, forSeconds + long),
    };
    const over = Math.min(1, t.ratio * 1.05) * 1024;
    const firing = { labels: gateway, value: over / 1024 };
    const peaks = (pause: number) =>
      `${over} ${"0 ".repeat(pause)}`.repeat(Math.ceil((forSeconds + 1800) / 60)).trim();
    return together(
      level({
        forSeconds,
        bad: { ...max, [current]: steady(over, forSeconds + long) },
        good: { ...max, [current]: steady(t.ratio * 1024, forSeconds + long) },
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

const gatewayQueue = defineAlert({
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
  causes: [
    ...gatewayGone,
    { alert: "ServiceDown", scope: "service" },
    { alert: "GatewayBackendDown", scope: "service" },
  ],
  tests: (t, { forSeconds }) => {
    const series = (value: number) => ({
      [select("haproxy_backend_current_queue", { ...gateway, proxy: "scene" })]: steady(
        value,
        forSeconds + long,
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

export const gatewayAlerts: readonly Alert[] = [
  gatewayDown,
  gatewayBackendDown,
  gatewayServerFlapping,
  gatewayServerErrors,
  gatewayRejections,
  gatewayConnectionErrors,
  gatewayConnections,
  gatewayQueue,
];
