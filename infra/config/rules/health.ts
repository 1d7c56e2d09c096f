import { healthProblems } from "../../../components/health/policy.ts";
import { prometheusPort } from "../../../components/monitoring/prometheus.render.ts";
import type { Finding } from "../problems.ts";
import { didYouMean } from "../suggest.ts";
import type { RuleInput } from "./input.ts";

/** Names of probes and components in `health`. */
export function healthRules({ spec, existingMonitoring }: RuleInput): readonly Finding[] {
  // Probes are named after servers: a server without a name or port has none to compare with.
  if (spec.servers.some(({ name, port }) => name === "" || Number.isNaN(port))) return [];
  const problems = healthProblems({
    servers: spec.servers,
    database: spec.postgres.name,
    externalDatabase: spec.postgres.external !== undefined,
    scrapeIntervalSeconds: spec.monitoring.prometheus.scrapeIntervalSeconds,
    // Which series are the fleet's is no matter of its file.
    ...(existingMonitoring && { neighbour: { scope: {}, port: prometheusPort } }),
    health: spec.health,
    rollout: spec.rollout,
  });
  return problems.map(({ at, got, allowed, known }) => ({
    at: ["health", ...at],
    got: JSON.stringify(got),
    allowed,
    ...(known.length > 0 && { fix: didYouMean(got, known) }),
  }));
}
