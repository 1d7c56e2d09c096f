import type { HealthPolicy } from "../../components/health/policy.schema.ts";
import { policySchema } from "../../components/health/policy.schema.ts";
import type { z } from "zod";
import type { GateContent } from "../../infra/release/records.ts";

type PolicyInput = z.input<typeof policySchema>;

/** A probe that asks the platform alone. */
export function stateProbe(name: string, over: Record<string, unknown> = {}) {
  return { kind: "state", name, subject: name.split("/")[0]!, ...over } as PolicyInput["probes"][0];
}

export function policy(over: Partial<PolicyInput> = {}): HealthPolicy {
  return policySchema.parse({
    version: 1,
    mode: { kind: "gate", deadlineSeconds: 5 },
    baseline: "excuse",
    probes: [],
    ...over,
  });
}

export function contentWith(own: HealthPolicy): GateContent {
  return { version: 1, transaction: "t-2", release: "r-2", guards: {}, policy: own };
}

/** Targets at these addresses. */
export function targets(addresses: Readonly<Record<string, string>>): HealthPolicy["targets"] {
  return Object.fromEntries(
    Object.entries(addresses).map(([component, workload]) => [
      component,
      { component, workload, release: "r-2" },
    ]),
  );
}
