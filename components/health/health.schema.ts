import { z } from "zod";
import { seconds } from "../shared.schema.ts";
import { probeSchema } from "./probe.schema.ts";
import { triggerNumbers } from "./triggers.ts";

/** How a new release takes over. */
export const rolloutSchema = z.strictObject({
  steps: z
    .array(z.int({ error: "a whole percentage" }).min(1).max(100))
    .min(1, { error: "at least one step, as in [100]" })
    .refine((steps) => steps.at(-1) === 100, { error: "the last step has to be 100" })
    .refine((steps) => steps.every((step, at) => at === 0 || step > steps[at - 1]!), {
      error: "every step has to be larger than the one before",
    })
    .default([100])
    .describe("Share of new sessions and calls that the new release gets, step by step; percent."),
  // The retell guide waits 300 s (section 5); there a rollout takes a day, here somebody waits for it.
  stepSeconds: seconds(1, 86_400)
    .default(30)
    .describe("How long every step but the last is watched."),
  // Time enough for six misses in a row at one attempt per second.
  bakeSeconds: seconds(1, 86_400)
    .default(10)
    .describe(
      "How long the new release is watched with all the traffic before the old one goes. Triggers that ask Prometheus need two scrapes to have a say.",
    ),
  // The writing-servers guide drains for 5 to 10 minutes, with nobody waiting; a healthy update is to take 15 s longer at
  // most. Sessions that are not used move at once.
  drainSeconds: seconds(0, 3600)
    .default(15)
    .describe(
      "So long after the switch to 100 %, sessions of the old release that are in use may stay with it, and at least until the end of the bake time; then their clients have to open new ones.",
    ),
});
export type RolloutSpec = z.output<typeof rolloutSchema>;

const patterns = z
  .array(
    z.string().regex(/^[a-z0-9*][a-z0-9*._/-]*$/, {
      error: "the name of a probe; * stands for anything, as in */mcp",
    }),
  )
  .min(1);

const changeSchema = z.strictObject({
  probes: patterns.describe("Names; * stands for anything."),
  intervalSeconds: z
    .number()
    .min(0.1)
    .max(3600)
    .optional()
    .describe("From one attempt to the next."),
  timeoutSeconds: z
    .number()
    .min(0.1)
    .max(600)
    .optional()
    .describe("An attempt that takes longer has failed."),
  retries: z.int().min(1).max(100).optional().describe("Misses in a row that make it failed."),
  startPeriodSeconds: z
    .number()
    .min(0)
    .max(3600)
    .optional()
    .describe("Misses this soon do not count."),
  successes: z.int().min(1).max(100).optional().describe("Passes in a row that make it passed."),
  critical: z.boolean().optional().describe("Whether its failure fails the verdict."),
  onInconclusive: z
    .enum(["fail", "pass"])
    .optional()
    .describe("What it counts as when it never said anything."),
});

/** What decides whether a release stays. Derived probes: `policy.ts`. */
export const healthSchema = z.strictObject({
  baseline: z
    .enum(["excuse", "blame"], { error: "excuse or blame" })
    .default("excuse")
    .describe(
      "Faults that the release before had too: not counted against the new one, or counted.",
    ),
  triggers: z
    .strictObject({
      like: z
        .enum(["writing", "retell"], { error: "writing or retell" })
        .default("writing")
        .describe("Whose numbers are used where none is given here."),
      errorRatio: z
        .number({ error: "a share from 0 to 1" })
        .min(0)
        .max(1)
        .optional()
        .describe(
          `Failed tool calls of all tool calls, at most. Default: ${triggerNumbers.writing.errorRatio} (writing), ${triggerNumbers.retell.errorRatio} (retell).`,
        ),
      p95Ms: z
        .int()
        .min(1)
        .max(600_000)
        .optional()
        .describe(
          `95th percentile of tool calls, ms, at most. Default: ${triggerNumbers.writing.p95Ms} (writing), ${triggerNumbers.retell.p95Ms} (retell).`,
        ),
      minCalls: z
        .int()
        .min(1)
        .max(100_000)
        .default(20)
        .describe("Fewer tool calls say nothing about a share or a percentile."),
    })
    .prefault({})
    .describe("Reasons to return to the release before, measured while the new one is watched."),
  probes: z
    .array(probeSchema)
    .default([])
    .describe(
      "Own probes; one with the name of a derived probe takes its place. Tag watch: asked after the switch; else before it.",
    ),
  change: z.array(changeSchema).default([]).describe("Settings of derived probes, by name."),
  off: z.array(patterns.element).default([]).describe("Derived probes that are not asked."),
});
export type HealthSpec = z.output<typeof healthSchema>;
