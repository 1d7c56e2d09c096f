import { z } from "zod";
import { slug } from "../shared.schema.ts";
import { assertionSyntax, comparisons, parseAssertion } from "./assertion.ts";

/**
 * Probes as data. They lie in the state with the release that they judged and are asked again when that release is
 * returned to, maybe years later: every field is plain, a secret is only named, and the shape has a version
 * (`policy.schema.ts`). Durations in seconds.
 */

const port = z.int().min(1).max(65_535).describe("Port of the workload itself, published or not.");
const duration = (min: number, max: number) =>
  z
    .number({ error: `seconds from ${min} to ${max}` })
    .min(min)
    .max(max);
const text = z.string().min(1).max(4096);
const commandLine = z
  .array(text)
  .min(1, { error: "a program and its arguments, as a list" })
  .max(100);
const tokenOf = slug
  .optional()
  .describe("Client of the gateway whose bearer token is sent; the token itself is looked up.");
const assertion = z
  .string()
  .refine((value) => parseAssertion(value) !== undefined, { error: assertionSyntax });

const common = {
  name: z
    .string()
    .max(120)
    .regex(/^[a-z0-9][a-z0-9._-]*(\/[a-z0-9][a-z0-9._-]*)*$/, {
      error: "lower-case words joined by / and -, as in scene/ready",
    })
    .describe("Unique; convention: subject/question."),
  subject: slug.describe(
    "Component that is judged: its name is on the verdict, its logs are shown.",
  ),
  at: slug
    .optional()
    .describe("Component that is asked, where that is another one: gateway, prometheus."),
  // Time limit, attempts and criticality where none are given: orchestration manual, resolution G33.
  intervalSeconds: duration(0.1, 3600).default(1).describe("From one attempt to the next."),
  timeoutSeconds: duration(0.1, 600)
    .default(10)
    .describe("An attempt that takes longer has failed."),
  retries: z.int().min(1).max(100).default(3).describe("Misses in a row that make it failed."),
  startPeriodSeconds: duration(0, 3600)
    .default(0)
    .describe("Misses this soon do not count, until it has passed once."),
  successes: z.int().min(1).max(100).default(1).describe("Passes in a row that make it passed."),
  critical: z.boolean().default(true).describe("Whether its failure fails the verdict."),
  onInconclusive: z
    .enum(["fail", "pass"])
    .default("fail")
    .describe("What it counts as when it never said anything."),
  after: z
    .array(z.string())
    .default([])
    .describe("Names of probes that have to be decided before this one is asked."),
  tags: z.array(slug).default([]).describe("To select by: gate, watch, http ..."),
};

const stateProbe = z.strictObject({
  ...common,
  kind: z.literal("state"),
  maxRestarts: z
    .int()
    .min(0)
    .default(0)
    .describe("More restarts of a young workload, or during the probe, are a crash loop."),
  requireHealthy: z
    .boolean()
    .default(false)
    .describe("Whether the platform's own health check has to be green."),
});

const httpProbe = z.strictObject({
  ...common,
  kind: z.literal("http"),
  port,
  method: z.enum(["GET", "HEAD", "POST"]).default("GET"),
  path: z.string().regex(/^\//, { error: "a path, starting with /" }).max(2048),
  headers: z.record(z.string().regex(/^[A-Za-z0-9-]+$/), z.string()).default({}),
  tokenOf,
  body: z.string().optional(),
  expectStatus: z.array(z.int().min(100).max(599)).min(1).default([200]),
  expectBody: text.optional().describe("Text that the body has to contain."),
  expectJson: z.array(assertion).default([]).describe("Statements about the JSON body."),
});

const tcpProbe = z.strictObject({ ...common, kind: z.literal("tcp"), port });

const commandProbe = z.strictObject({
  ...common,
  kind: z.literal("command"),
  command: commandLine.describe("Runs inside the workload, without a shell."),
  expectExit: z.array(z.int().min(0).max(255)).min(1).default([0]),
  expectOutput: text.optional().describe("Text that the output has to contain."),
});

const fileSystemProbe = z.strictObject({
  ...common,
  kind: z.literal("file_system"),
  path: z
    .string()
    .regex(/^\//, { error: "a path, starting with /" })
    .max(4096)
    .describe("Inside the workload; has to exist."),
  minFreeMb: z.int().min(0).optional().describe("Free space of its file system, MiB."),
});

const postgresProbe = z.strictObject({
  ...common,
  kind: z.literal("postgres"),
  port,
  database: text,
  user: text,
  passwordOf: text
    .optional()
    .describe("Database role whose password is used; the password itself is looked up."),
  query: text.default("SELECT 1").describe("Has to give at least one row."),
  expect: z
    .union([z.string(), z.number(), z.boolean(), z.null()])
    .optional()
    .describe("What the first column of the first row has to be, compared as text."),
});

/** `2025`: sessions, from `initialize` on; `2026-07-28`: stateless, from `server/discover` on. */
export const mcpRevisions = ["2025", "2026-07-28"] as const;

const mcpProbe = z.strictObject({
  ...common,
  kind: z.literal("mcp"),
  port,
  path: z.string().regex(/^\//, { error: "a path, starting with /" }).max(2048).default("/mcp"),
  tokenOf,
  revisions: z.array(z.enum(mcpRevisions)).min(1).default(["2025"]),
  minTools: z.int().min(0).default(1).describe("Tools that the list has to hold."),
  tool: z
    .strictObject({
      name: text,
      arguments: z.record(z.string(), z.json()).default({}),
      required: z.boolean().default(false).describe("Whether a server without it fails."),
    })
    .optional()
    .describe("A tool that changes nothing; called where it exists."),
  calls: z.int().min(1).max(100).default(1).describe("Calls of the tool per attempt."),
  maxCallMs: z
    .int()
    .min(1)
    .optional()
    .describe("Slow is a call that takes longer; a miss if more than half of the calls are."),
});

const promqlProbe = z.strictObject({
  ...common,
  kind: z.literal("promql"),
  port: port.default(9090),
  query: text.describe(
    "Instant query; {{component}}, {{address}}, {{instance}} and {{release}} are those of the subject.",
  ),
  operator: z.enum(comparisons).describe("Every sample has to compare like this ..."),
  threshold: z.number().describe("... to this value. No sample, or no answer: inconclusive."),
  unit: z.string().max(20).default("").describe("For people: ms, %."),
});

const metricsProbe = z.strictObject({
  ...common,
  kind: z.literal("metrics"),
  port,
  path: z.string().regex(/^\//, { error: "a path, starting with /" }).default("/metrics"),
  measure: z
    .discriminatedUnion("of", [
      z.strictObject({
        of: z.literal("ratio"),
        counter: text,
        labels: z.record(z.string(), z.string()).default({}),
        failed: text.describe("Label that is empty, or not there, on series that count successes."),
      }),
      z.strictObject({
        of: z.literal("quantile"),
        histogram: text.describe("Name without `_bucket`."),
        labels: z.record(z.string(), z.string()).default({}),
        quantile: z.number().min(0).max(1),
      }),
      z.strictObject({ of: z.literal("gauge"), gauge: text }),
    ])
    .describe("Increase between two readings of the workload's own metrics, or a value."),
  windowSeconds: duration(1, 3600).default(60).describe("The older reading is at most so old."),
  minCount: z.int().min(1).default(20).describe("Fewer events in the window say nothing."),
  operator: z.enum(comparisons),
  threshold: z.number(),
  unit: z.string().max(20).default(""),
});

const scriptProbe = z.strictObject({
  ...common,
  kind: z.literal("script"),
  command: commandLine.describe(
    "Runs on this machine; exit code 0 passes, 1 fails, 2 is inconclusive, anything else an error.",
  ),
});

export const probeSchema = z.discriminatedUnion(
  "kind",
  [
    stateProbe,
    httpProbe,
    tcpProbe,
    commandProbe,
    fileSystemProbe,
    postgresProbe,
    mcpProbe,
    promqlProbe,
    metricsProbe,
    scriptProbe,
  ],
  {
    error: "state, http, tcp, command, file_system, postgres, mcp, promql, metrics or script",
  },
);

export type Probe = z.output<typeof probeSchema>;
export type ProbeInput = z.input<typeof probeSchema>;
type ProbeKind = Probe["kind"];
export type ProbeOf<K extends ProbeKind> = Extract<Probe, { readonly kind: K }>;
