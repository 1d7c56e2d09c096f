import { z } from "zod";
import { alertmanagerSchema } from "./alertmanager.schema.ts";
import { alertsSchema, sloSchema } from "./alerts/alerts.schema.ts";
import { cpus, imageReference, memoryMb, port, seconds } from "../shared.schema.ts";

/** Prometheus, Alertmanager, Grafana and the exporters. Scrape figures: writing-servers guide, section 6. */
export const monitoringSchema = z.strictObject({
  prometheus: z
    .strictObject({
      image: imageReference.optional().describe("Own image; default: built from `images/`."),
      port: port.default(9090).describe("Loopback port of the console."),
      // Prometheus looks back 5 minutes: two missed scrapes must not make a series vanish.
      scrapeIntervalSeconds: seconds(1, 120)
        .default(15)
        .describe("Seconds between two scrapes of a target."),
      scrapeTimeoutSeconds: seconds(1, 120)
        .default(10)
        .describe("A scrape that takes longer counts as failed; at most the interval."),
      evaluationIntervalSeconds: seconds(1, 3600)
        .default(15)
        .describe("Seconds between two evaluations of the rules."),
      retentionDays: z
        .int()
        .min(1)
        .max(3650)
        .default(30)
        .describe("Samples are kept for so many days."),
      memoryMb: memoryMb.default(384).describe("Memory limit, MiB."),
      cpus: cpus.default(1).describe("CPU limit, cores."),
    })
    .prefault({})
    .describe("Collects and keeps the metrics."),
  alertmanager: alertmanagerSchema.prefault({}).describe("Routes alerts."),
  slo: sloSchema.prefault({}).describe("What is promised of each server; alerts watch the budget."),
  alerts: alertsSchema
    .prefault({})
    .describe("Numbers of alerts that differ from the defaults, by the alert's name."),
  runbooks: z
    .string()
    .regex(/^(https?:\/\/[^\s"'<>]+|[A-Za-z0-9._/-]+)$/, { error: "a URL or a path" })
    .default("docs/runbooks")
    .describe("Where alerts say that their runbooks lie: a URL, or a path in the repository."),
  grafana: z
    .strictObject({
      enabled: z
        .enum(["auto", "yes", "no"], { error: "auto, yes or no" })
        .default("auto")
        .describe("`auto`: yes if the image is on the engine or its registry answers."),
      image: imageReference
        .default("grafana/grafana:12.3.0")
        .describe("Grafana comes from its own registry image; it is not built."),
      port: port.default(3000).describe("Loopback port of the console."),
      adminUser: z
        .string()
        .regex(/^[a-z][a-z0-9_-]{0,31}$/, {
          error:
            "lower-case letters, digits, dashes and underscores, starting with a letter, at most 32",
        })
        .default("admin")
        .describe("Login of the administrator; its password is generated."),
      memoryMb: memoryMb.default(256).describe("Memory limit, MiB."),
      cpus: cpus.default(1).describe("CPU limit, cores."),
    })
    .prefault({})
    .describe("Dashboards."),
  postgresExporter: z
    .strictObject({
      image: imageReference.optional().describe("Own image; default: built from `images/`."),
      memoryMb: memoryMb.default(64).describe("Memory limit, MiB."),
    })
    .prefault({})
    .describe("Metrics of PostgreSQL."),
  pgbouncerExporter: z
    .strictObject({
      image: imageReference.optional().describe("Own image; default: built from `images/`."),
      memoryMb: memoryMb.default(64).describe("Memory limit, MiB."),
    })
    .prefault({})
    .describe("Metrics of PgBouncer."),
});
export type MonitoringSpec = z.output<typeof monitoringSchema>;
