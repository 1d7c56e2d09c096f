import { z } from "zod";
import { probeSchema } from "./probe.schema.ts";

const targetSchema = z.strictObject({
  component: z.string(),
  workload: z.string(),
  endpoints: z.array(z.string()).optional(),
  elastic: z.array(z.string()).optional(),
  address: z.string().optional(),
  release: z.string().optional(),
});

/**
 * Everything that a gate asks, and of whom, as plain data: it lies in the state with the release, and judges that
 * release again when it is returned to.
 */
export const policySchema = z.strictObject({
  version: z.literal(1),
  mode: z.discriminatedUnion("kind", [
    z.strictObject({ kind: z.literal("gate"), deadlineSeconds: z.number().positive().optional() }),
    z.strictObject({ kind: z.literal("watch"), seconds: z.number().positive() }),
  ]),
  baseline: z.enum(["excuse", "blame"]),
  probes: z.array(probeSchema),
  /** Where the components of that very release run, by component. */
  targets: z.record(z.string(), targetSchema).default({}),
});

export type HealthPolicy = z.output<typeof policySchema>;

/**
 * A policy as it was stored.
 *
 * @throws Error naming every field that cannot be read.
 */
export function readPolicy(stored: unknown): HealthPolicy {
  const read = policySchema.safeParse(stored);
  if (read.success) return read.data;
  const problems = read.error.issues.map(({ path, message }) => `  ${path.join(".")}: ${message}`);
  throw new Error(
    `the stored health policy has ${problems.length} problem(s):\n${problems.join("\n")}`,
  );
}
