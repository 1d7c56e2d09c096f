import type { Finding } from "./problems.ts";
import { databaseRules } from "./rules/database.ts";
import { dependencyRules } from "./rules/dependencies.ts";
import { envRules } from "./rules/env.ts";
import { existingMonitoringRules } from "./rules/existing-monitoring.ts";
import { healthRules } from "./rules/health.ts";
import type { RuleInput } from "./rules/input.ts";
import { monitoringRules } from "./rules/monitoring.ts";
import { portRules } from "./rules/ports.ts";
import { serverRules } from "./rules/servers.ts";

/** Everything that no single field can break alone. Servers named "" and ports NaN are left alone (see `draft.ts`). */
export function ruleFindings(input: RuleInput): readonly Finding[] {
  return [
    serverRules,
    dependencyRules,
    envRules,
    portRules,
    databaseRules,
    healthRules,
    monitoringRules,
    existingMonitoringRules,
  ].flatMap((rule) => rule(input));
}
