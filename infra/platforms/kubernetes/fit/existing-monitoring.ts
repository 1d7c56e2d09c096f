import {
  NobodyReadyError,
  serviceEnds,
  serviceRights,
} from "../../../../components/platform/kubernetes/service-ends.ts";
import { NobodyThereError } from "../../../../components/platform/transport.ts";
import { at, type Asked, type Findings } from "./findings.ts";
import { isAllowed } from "./permissions.ts";

/** Whether gates can ask the Prometheus that serves in place of the fleet's own. */
export async function existingMonitoringFindings({ client, settings }: Asked): Promise<Findings> {
  const { existing } = settings.monitoring;
  if (existing === undefined) return {};
  const { service: name, namespace, port } = existing.prometheus;
  const answers = await Promise.all(
    serviceRights.map(async ({ group, resource, verbs }) => {
      const allowed = await Promise.all(
        verbs.map((verb) => isAllowed(client, { group, resource, verb }, namespace)),
      );
      const missing = verbs.filter((_, index) => !allowed[index]);
      const what = group === "" ? resource : `${resource}.${group}`;
      return missing.length === 0
        ? []
        : [
            `you may not ${missing.join(", ")} ${what} in namespace ${namespace}, ` +
              `as ${at("monitoring.existing")} needs it; have a Role with it bound to you there`,
          ];
    }),
  );
  const problems = answers.flat();
  if (problems.length > 0) return { problems };
  try {
    await serviceEnds(client, { name, namespace, port });
    return {};
  } catch (error) {
    const setting = at("monitoring.existing.prometheus");
    if (error instanceof NobodyReadyError) {
      // A fix must not wait for somebody else's monitoring.
      const until = "until one is, gates cannot ask it, and its targets count as not healthy";
      return { warnings: [`${setting}: ${error.message}; ${until}`] };
    }
    if (!(error instanceof NobodyThereError)) throw error;
    return { problems: [`${setting}: ${error.message}; correct the setting`] };
  }
}
