import { equal, select } from "../metrics/select.ts";
import { lasting, level, steady, together } from "./cases.ts";
import { defineAlert } from "./define-alert.ts";
import { review, scene, serverCauses } from "./server-parts.ts";
import { showThreshold } from "./threshold.ts";

/** Figures: writing-servers guide, section 7. By service: while a release replaces a server, one answering is enough. */
export const serviceDown = defineAlert({
  name: "ServiceDown",
  group: "servers",
  severity: "critical",
  forSeconds: 120,
  thresholds: {},
  expr: () => `max by (service, component) (${select("up", { component: "mcp-server" })}) == 0`,
  summary: "{{ $labels.service }} is down",
  description: (_t, { forSeconds }) =>
    `No instance of {{ $labels.service }} answered Prometheus for ${showThreshold("seconds", forSeconds)}.`,
  runbook: {
    meaning:
      "Prometheus could reach no container of this server. While a release replaces a server, one that answers is enough.",
    impact: "Calls to this server fail with 503 at the gateway; the other servers go on.",
    diagnosis: [
      "Ask `./fleet status` and `./fleet health`: is the container missing, restarting or unhealthy?",
      "Read its last log lines: `docker logs --tail 50 <container>`. Exit code 137 means that it exceeded its memory.",
      "Did it begin with a release? `./fleet history` tells.",
    ],
    mitigation: [
      "Began with a release: `./fleet rollback`.",
      "Out of memory: raise `servers.<name>.memoryMb` and run `./fleet up`.",
      "The container is gone: `./fleet up` makes it again.",
    ],
  },
  tests: (_t, { forSeconds }) => {
    const up = (labels: object, instance: string) =>
      select("up", { ...labels, job: equal("x"), instance: equal(instance) });
    const long = forSeconds + 900;
    return together(
      lasting({
        forSeconds,
        bad: { [up(scene, "a")]: steady(0, long), [up(review, "b")]: steady(1, long) },
        firing: { labels: scene },
      }),
      {
        quiet: [
          {
            name: "a release: the new instance answers, the old one is gone",
            series: { [up(scene, "a")]: steady(0, long), [up(scene, "b")]: steady(1, long) },
            atSeconds: forSeconds + 600,
          },
          {
            name: "it answered in between",
            series: { [up(scene, "a")]: `${steady(0, 60)} 1 ${steady(0, forSeconds)}` },
            atSeconds: 60 + forSeconds,
          },
          {
            name: "the gateway's own alert speaks for the gateway",
            series: {
              [up({ service: "gateway", component: "gateway" }, "a")]: steady(0, long),
            },
            atSeconds: forSeconds + 600,
          },
        ],
      },
    );
  },
});

export const databaseConnectionFailure = defineAlert({
  name: "DatabaseConnectionFailure",
  group: "servers",
  severity: "critical",
  forSeconds: 60,
  thresholds: {},
  expr: () => `max by (service, component) (${select("mcp_database_up")}) == 0`,
  summary: "{{ $labels.service }} cannot reach the database",
  description: () =>
    "The probe that {{ $labels.service }} sends through PgBouncer fails, although the server itself runs.",
  runbook: {
    meaning:
      "The server asks the database a trivial question every few seconds, the way calls go: through PgBouncer. It gets no answer.",
    impact: "Calls that need data fail. Health and tool lists may still look well.",
    diagnosis: [
      "All servers or one? All: look at PgBouncer and PostgreSQL. One: its login or its pool.",
      "Read the server's log for the database's own words: wrong password, too many connections, timeout.",
      "Ask PgBouncer: `docker exec <pgbouncer> pgbouncer-ctl health`.",
    ],
    mitigation: [
      "Restart the part that does not answer.",
      "One login refused: `./fleet up` sets its password again.",
    ],
  },
  causes: serverCauses,
  tests: (_t, { forSeconds }) => {
    const series = (value: number) => ({
      [select("mcp_database_up", { ...scene, instance: equal("a") })]: steady(value, 3600),
    });
    return level({
      forSeconds,
      bad: series(0),
      good: series(1),
      goodIs: "it can",
      firing: { labels: scene },
    });
  },
});

export const faultActive = defineAlert({
  name: "FaultActive",
  group: "servers",
  severity: "warning",
  forSeconds: 900,
  thresholds: {},
  expr: () => `max by (service, component) (${select("mcp_fault_active")}) == 1`,
  summary: "{{ $labels.service }} runs with a drill's fault",
  description: (_t, { forSeconds }) =>
    `FAULT has been set on {{ $labels.service }} for ${showThreshold("seconds", forSeconds)}: it fails on purpose.`,
  runbook: {
    meaning:
      "The environment variable `FAULT` makes the server misbehave for a drill, and was not removed.",
    impact: "Whatever the fault does to calls. Nothing of it is an error of the server.",
    diagnosis: ["The server's first log line says which fault is on."],
    mitigation: ["Remove `FAULT` from the server's `env` and run `./fleet up`."],
  },
  tests: (_t, { forSeconds }) => {
    const series = (value: number) => ({
      [select("mcp_fault_active", { ...scene, instance: equal("a") })]: steady(
        value,
        forSeconds + 3600,
      ),
    });
    return level({
      forSeconds,
      bad: series(1),
      good: series(0),
      goodIs: "no fault",
      firing: { labels: scene },
    });
  },
});

export const serviceRestarting = defineAlert({
  name: "ServiceRestarting",
  group: "servers",
  severity: "warning",
  forSeconds: 0,
  thresholds: {
    restarts: { unit: "count", default: 2, min: 0, what: "Restarts within 15 minutes." },
  },
  expr: (t) =>
    `max by (service, component) (changes(${select("process_start_time_seconds")}[15m])) > ${t.restarts}`,
  summary: "{{ $labels.service }} restarts again and again",
  description: (t) =>
    `{{ $labels.service }} restarted {{ $value | humanize }} times within 15 minutes; up to ${t.restarts} are tolerated.`,
  runbook: {
    meaning:
      "The process was started anew several times in the same container. Releases do not count: they make new containers.",
    impact: "Every restart ends the calls and sessions that the process held.",
    diagnosis: [
      "`docker inspect --format '{{.State.ExitCode}} {{.State.OOMKilled}}' <container>`: 137 or true means memory.",
      "The last log lines before a start say why it ended.",
    ],
    mitigation: [
      "Memory: raise `memoryMb` of this part.",
      "Began with a release: `./fleet rollback`.",
    ],
  },
  tests: (t) => {
    const start = select("process_start_time_seconds", { ...scene, instance: equal("a") });
    // One restart a minute, so many of them, then calm.
    const restarts = (count: number) => ({
      [start]: [
        "1000x39",
        ...Array.from({ length: count }, (_v, index) => `${2000 + index}x3`),
        `${count === 0 ? 1000 : 2000 + count - 1}x200`,
      ].join(" "),
    });
    const many = Math.floor(t.restarts) + 1;
    const last = 600 + (many - 1) * 60;
    return {
      fires: [
        {
          name: "one more than is tolerated",
          series: restarts(many),
          atSeconds: last,
          firing: [{ labels: scene, value: many }],
        },
        {
          name: "the first is not forgotten yet",
          series: restarts(many),
          atSeconds: 600 + 900 - 60,
          firing: [{ labels: scene, value: many }],
        },
      ],
      quiet: [
        { name: "as many as are tolerated", series: restarts(many - 1), atSeconds: last + 60 },
        { name: "the first is forgotten", series: restarts(many), atSeconds: 600 + 900 + 60 },
      ],
    };
  },
});
