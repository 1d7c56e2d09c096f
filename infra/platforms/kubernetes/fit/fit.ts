import type { Fit } from "../../site.ts";
import { readNamedSecrets } from "../named-secrets.ts";
import { ingressClassFindings, priorityClassFindings, storageClassFindings } from "./classes.ts";
import { existingMonitoringFindings } from "./existing-monitoring.ts";
import type { Asked, Findings } from "./findings.ts";
import { limitRangeFindings } from "./limit-ranges.ts";
import { namespaceFindings } from "./namespace.ts";
import { nodeFindings } from "./nodes.ts";
import { operatorFindings } from "./operator.ts";
import { permissionFindings } from "./permissions.ts";
import { quotaFindings } from "./quotas.ts";
import { secretFindings } from "./secrets.ts";

/** Whether a cluster can run a fleet; see `Site.fit`. All is asked at once, over connections that are kept. */
export async function fitOf(asked: Asked): Promise<Fit> {
  const all: readonly Findings[] = await Promise.all([
    permissionFindings(asked),
    namespaceFindings(asked),
    secretFindings(asked),
    readNamedSecrets(asked.client, asked.settings.secrets),
    storageClassFindings(asked),
    ingressClassFindings(asked),
    priorityClassFindings(asked),
    nodeFindings(asked),
    operatorFindings(asked),
    existingMonitoringFindings(asked),
    quotaFindings(asked),
    limitRangeFindings(asked),
  ]);
  const problems = all.flatMap((one) => one.problems ?? []);
  const unseen = all.flatMap((one) => one.unseen ?? []);
  const warnings = all.flatMap((one) => one.warnings ?? []);
  const { server } = asked.client.cluster;
  return {
    objection:
      problems.length === 0
        ? undefined
        : `the cluster at ${server} has ${problems.length} problem(s):\n  ${problems.join("\n  ")}`,
    warnings: [
      ...warnings,
      ...(unseen.length === 0
        ? []
        : [`not checked, for you may not list them: ${unseen.join(", ")}`]),
    ],
  };
}
