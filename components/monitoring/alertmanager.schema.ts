import { z } from "zod";
import { cpus, imageReference, memoryMb, port, slug } from "../shared.schema.ts";

const notified = ["critical", "warning", "info"] as const;
const names = z.array(z.string({ error: "the name of a receiver" }));
const services = z
  .array(z.string())
  .min(1, { error: "at least one service" })
  .describe("Servers, or gateway, postgres, pgbouncer, prometheus, alertmanager.");
const severitiesOf = z
  .array(z.enum(notified, { error: notified.join(", ") }))
  .min(1, { error: "at least one severity" });

const base = { name: slug.describe("Name of the receiver; its secret has the same.") };
const resolved = z.boolean().default(true).describe("Whether the end of an alert is told too.");

/** Ways to tell somebody. Addresses and keys that open a door are secrets: they stand in the stack, never here. */
const receiverSchema = z.discriminatedUnion(
  "kind",
  [
    z.strictObject({
      ...base,
      kind: z.literal("webhook").describe("Its secret: the URL."),
      resolved,
    }),
    z.strictObject({
      ...base,
      kind: z.literal("slack").describe("Its secret: the URL of the incoming webhook."),
      channel: z
        .string()
        .regex(/^[#@]?[a-z0-9._-]{1,80}$/, { error: "a channel, as in #alerts" })
        .describe("Channel that it is posted to."),
      resolved,
    }),
    z.strictObject({
      ...base,
      kind: z.literal("pagerduty").describe("Its secret: the integration key."),
      url: z
        .url({ protocol: /^https$/, error: "a URL that begins with https://" })
        .optional()
        .describe(
          "Address of the Events API v2, if it is not that of PagerDuty's US region; EU: https://events.eu.pagerduty.com/v2/enqueue.",
        ),
      resolved,
    }),
    z.strictObject({
      ...base,
      kind: z.literal("email").describe("Its secret: the password, if there is a username."),
      to: z.email({ error: "an e-mail address" }).describe("Who gets it."),
      from: z.email({ error: "an e-mail address" }).describe("Who it is from."),
      smarthost: z
        .string()
        .regex(/^[A-Za-z0-9.-]+:[0-9]{1,5}$/, { error: "host and port, as in mail.example:587" })
        .describe("Mail server; it has to offer TLS."),
      username: z
        .string()
        .min(1)
        .optional()
        .describe("Login at the mail server; then its password is the receiver's secret."),
      resolved,
    }),
  ],
  { error: "kind: webhook, slack, pagerduty or email" },
);
export type ReceiverSpec = z.output<typeof receiverSchema>;

const time = z
  .string()
  .regex(/^([01][0-9]|2[0-3]):[0-5][0-9]$|^24:00$/, { error: "a time such as 02:30" });
const weekdays = [
  "monday",
  "tuesday",
  "wednesday",
  "thursday",
  "friday",
  "saturday",
  "sunday",
] as const;

const maintenanceSchema = z.strictObject({
  name: slug.describe("Name of the window."),
  from: time.describe("Start of the window."),
  to: time.describe("End of the window, on the same day; 24:00 is midnight."),
  weekdays: z
    .array(z.enum(weekdays, { error: weekdays.join(", ") }))
    .min(1)
    .default([...weekdays])
    .describe("Days of the window."),
  timezone: z
    .string()
    .regex(/^[A-Za-z]+([/_+-][A-Za-z0-9]+)*$/, { error: "a name such as Europe/Berlin" })
    .default("UTC")
    .describe("Time zone of the times."),
  severities: severitiesOf
    .default(["warning", "info"])
    .describe("What is not told in the window; critical alerts are told unless they are listed."),
});

const waits = (group: string, interval: string, repeat: string) => ({ group, interval, repeat });

/** Pace of notifications; with 15 s from scrape to rule, a page leaves within a minute of the alert's own time. */
export const paces = {
  critical: waits("10s", "2m", "1h"),
  warning: waits("20s", "5m", "12h"),
  info: waits("5m", "30m", "24h"),
  // A heartbeat: it repeats, and its absence is the message.
  heartbeat: waits("0s", "1m", "5m"),
} as const;

export const alertmanagerSchema = z.strictObject({
  image: imageReference.optional().describe("Own image; default: built from `images/`."),
  port: port.default(9093).describe("Loopback port of the console."),
  memoryMb: memoryMb.default(128).describe("Memory limit, MiB."),
  cpus: cpus.default(0.5).describe("CPU limit, cores."),
  receivers: z
    .array(receiverSchema)
    .default([])
    .describe("Who is told, and how. Their secrets: `mcp-fleet:receivers` of the stack."),
  routes: z
    .strictObject({
      critical: names.default([]).describe("Receivers of critical alerts."),
      warning: names.optional().describe("Receivers of warnings; default: those of critical."),
      info: names.optional().describe("Receivers of the rest; default: those of warnings."),
      heartbeat: names
        .default([])
        .describe("Receivers of the Watchdog, which fires all the time: a dead man's switch."),
      services: z
        .array(
          z.strictObject({
            services,
            severities: severitiesOf.default([...notified]).describe("Severities that go there."),
            receivers: names.min(1, { error: "at least one receiver" }).describe("Who is told."),
          }),
        )
        .default([])
        .describe("Other receivers for some services; the first entry that fits is taken."),
    })
    .prefault({})
    .describe("Who is told of what."),
  maintenance: z
    .array(maintenanceSchema)
    .default([])
    .describe("Windows in which alerts of some severities are not told."),
});
export type AlertmanagerSpec = z.output<typeof alertmanagerSchema>;
