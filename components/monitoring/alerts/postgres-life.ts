import { select } from "../metrics/select.ts";
import { byService } from "./by-service.ts";
import { level, stateCases, steady, tailSeconds } from "./cases.ts";
import { downCases, outlastingSeconds } from "./outlasting.ts";
import { defineAlert } from "./define-alert.ts";
import { firing, instance, postgres, postgresGone } from "./postgres-parts.ts";
import { scene } from "./server-parts.ts";
import { showThreshold } from "./threshold.ts";

/** It mutes what follows from it in every server (DatabaseConnectionFailure): half a minute ahead, and longer. */
export const postgresDown = defineAlert({
  name: "PostgresDown",
  group: "database",
  severity: "critical",
  forSeconds: 30,
  keepFiringSeconds: outlastingSeconds,
  thresholds: {},
  expr: () => `max ${byService} (${select("pg_up")}) == 0`,
  summary: "PostgreSQL is down",
  description: (_t, { forSeconds }) =>
    `The exporter has not been able to connect to PostgreSQL for ${showThreshold("seconds", forSeconds)}.`,
  runbook: {
    meaning: "The exporter connects directly, not through PgBouncer, and gets no connection.",
    impact: "Every call that needs data fails, on all servers.",
    diagnosis: [
      "`docker logs --tail 50 <postgres>`: recovery after a crash, a full disk and damaged files all say so.",
      "`docker exec <postgres> postgres-ctl health`.",
      "`df -h` on the machine: a full disk stops PostgreSQL.",
      "An external one (`postgres.external`): what its provider says, and `docker logs --tail 20 <postgres-exporter>`: name, firewall, certificate, room for connections.",
    ],
    mitigation: [
      "Recovery: wait, it ends by itself.",
      "Full disk: make room, then `docker restart <postgres>`.",
      "Connections used up: see PostgresConnectionsExhausted.",
    ],
  },
  tests: (_t, { forSeconds }) =>
    downCases({ forSeconds, series: select("pg_up", postgres), goodIs: "it answers", firing }),
});

export const exporterDown = defineAlert({
  name: "ExporterDown",
  group: "database",
  severity: "warning",
  forSeconds: 300,
  thresholds: {},
  expr: () => `max by (service, component) (${select("up", { component: "database" })}) == 0`,
  summary: "Nobody watches {{ $labels.service }}",
  description: (_t, { forSeconds }) =>
    `The exporter of {{ $labels.service }} has not answered for ${showThreshold("seconds", forSeconds)}: an outage of {{ $labels.service }} would go unnoticed.`,
  runbook: {
    meaning: "Prometheus cannot scrape the exporter. What it looks at may be well.",
    impact: "No alert about this part of the database can fire.",
    diagnosis: [
      "`docker logs --tail 20 <exporter>` and `docker inspect <exporter>`: a wrong password, or no memory.",
    ],
    mitigation: ["`docker restart <exporter>`, or `./fleet up`, which sets its password again."],
  },
  tests: (_t, { forSeconds }) =>
    stateCases({
      forSeconds,
      series: select("up", postgres),
      goodIs: "it answers",
      firing,
      others: { "a server is no exporter": select("up", scene) },
    }),
});

export const exporterFailing = defineAlert({
  name: "PostgresExporterFailing",
  group: "database",
  severity: "warning",
  forSeconds: 300,
  thresholds: {},
  expr: () =>
    `min by (service, component, collector) (${select("pg_scrape_collector_success")}) == 0`,
  summary: "Part of PostgreSQL's metrics is missing",
  description: () =>
    "The exporter's collector {{ $labels.collector }} fails: what it measures cannot raise an alert.",
  runbook: {
    meaning:
      "The exporter is connected, but one of its queries fails: a missing right, or another version of PostgreSQL.",
    impact: "Alerts and panels that need these numbers are blind.",
    diagnosis: ["`docker logs --tail 50 <postgres-exporter>` prints the query's error."],
    mitigation: [
      "`./fleet up` grants the exporter's role its rights again.",
      "After an upgrade of PostgreSQL: upgrade the exporter.",
    ],
  },
  causes: postgresGone,
  tests: (_t, { forSeconds }) => {
    const series = (value: number) => ({
      [select("pg_scrape_collector_success", { ...postgres, collector: "wal" })]: steady(
        value,
        forSeconds + tailSeconds,
      ),
      [select("pg_scrape_collector_success", { ...postgres, collector: "locks" })]: steady(
        1,
        forSeconds + tailSeconds,
      ),
    });
    return level({
      forSeconds,
      bad: series(0),
      good: series(1),
      goodIs: "all work",
      firing: { labels: { ...postgres, collector: "wal" } },
    });
  },
});

export const unsafe = defineAlert({
  name: "PostgresUnsafe",
  group: "database",
  severity: "critical",
  forSeconds: 60,
  thresholds: {},
  expr: () => `max ${byService} (${select("pg_settings_fsync")}) == 0`,
  summary: "PostgreSQL may lose data in a crash",
  description: () =>
    "PostgreSQL runs with fsync off: after a crash of the machine its files may be damaged.",
  runbook: {
    meaning: "Somebody switched `fsync` off, past the fleet file, which refuses that.",
    impact: "None until the machine crashes. Then data may be lost beyond repair.",
    diagnosis: [
      "`SELECT name, setting, source, sourcefile FROM pg_settings WHERE name = 'fsync'`.",
    ],
    mitigation: ["`ALTER SYSTEM RESET fsync; SELECT pg_reload_conf();`, then `./fleet up`."],
  },
  causes: postgresGone,
  tests: (_t, { forSeconds }) =>
    stateCases({
      forSeconds,
      series: select("pg_settings_fsync", instance),
      goodIs: "it is on",
      firing,
    }),
});
