import { z } from "zod";
import { cpus, imageReference, memoryMb, port, seconds } from "../shared.schema.ts";

/** Prometheus, Alertmanager, Grafana and the exporters. Scrape figures: writing-servers guide, section 6. */
export const monitoringSchema = z.strictObject({
  prometheus: z
    .strictObject({
      image: imageReference.optional(),
      /** Loopback port of the console. */
      port: port.default(9090),
      scrapeIntervalSeconds: seconds(1, 3600).default(15),
      scrapeTimeoutSeconds: seconds(1, 3600).default(10),
      evaluationIntervalSeconds: seconds(1, 3600).default(15),
      retentionDays: z.int().min(1).max(3650).default(30),
      memoryMb: memoryMb.default(384),
      cpus: cpus.default(1),
    })
    .prefault({}),
  alertmanager: z
    .strictObject({
      image: imageReference.optional(),
      /** Loopback port of the console. */
      port: port.default(9093),
      memoryMb: memoryMb.default(128),
      cpus: cpus.default(0.5),
    })
    .prefault({}),
  grafana: z
    .strictObject({
      /** `auto`: yes if the image is on the engine or its registry answers. */
      enabled: z
        .enum(["auto", "yes", "no"], { error: "auto, yes or no" })
        .default("auto"),
      image: imageReference.default("grafana/grafana:12.3.0"),
      /** Loopback port of the console. */
      port: port.default(3000),
      adminUser: z.string().regex(/^[a-z][a-z0-9_-]{0,31}$/).default("admin"),
      memoryMb: memoryMb.default(256),
      cpus: cpus.default(1),
    })
    .prefault({}),
  postgresExporter: z
    .strictObject({ image: imageReference.optional(), memoryMb: memoryMb.default(64) })
    .prefault({}),
  pgbouncerExporter: z
    .strictObject({ image: imageReference.optional(), memoryMb: memoryMb.default(64) })
    .prefault({}),
});
export type MonitoringSpec = z.output<typeof monitoringSchema>;
