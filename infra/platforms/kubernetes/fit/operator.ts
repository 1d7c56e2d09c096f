import { prometheusRules } from "../kinds.ts";
import { at, seen, type Asked, type Findings } from "./findings.ts";

/** What a cluster serves of one group and version. */
interface Served {
  readonly resources: readonly { readonly name: string }[];
}

/** Whether the cluster knows the operator's kind of rules, where the settings want them. */
export async function operatorFindings({ client, settings }: Asked): Promise<Findings> {
  if (settings.monitoring.prometheusRules === undefined) return {};
  const { group, plural } = prometheusRules;
  const setting = at("monitoring.prometheusRules");
  const served = await seen(client.api.find<Served>(`/apis/${group}`).then((found) => ({ found })));
  if (served === undefined) return { unseen: [`${plural} (${setting})`] };
  if (served.found?.resources.some(({ name }) => name === plural)) return {};
  return {
    problems: [
      `${setting}: the cluster has no ${plural} of ${group}; ` +
        "install the Prometheus operator with its custom resource definitions, or remove the setting",
    ],
  };
}
