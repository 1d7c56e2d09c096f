import { operatorKinds } from "../kinds.ts";
import { at, seen, type Asked, type Findings } from "./findings.ts";

/** What a cluster serves of one group and version. */
interface Served {
  readonly resources: readonly { readonly name: string }[];
}

/** Whether the cluster knows the operator's kinds, where the settings want them. */
export async function operatorFindings({ client, settings }: Asked): Promise<Findings> {
  const wanted = operatorKinds(settings.monitoring);
  const [first] = wanted;
  if (first === undefined) return {};
  const [{ group }, setting] = first;
  const served = await seen(client.api.find<Served>(`/apis/${group}`).then((found) => ({ found })));
  const plurals = wanted.map(([{ plural }]) => plural);
  if (served === undefined) return { unseen: [`${plurals.join(", ")} (${at(setting)})`] };
  const known = new Set(served.found?.resources.map(({ name }) => name));
  const missing = plurals.filter((plural) => !known.has(plural));
  if (missing.length === 0) return {};
  return {
    problems: [
      `${at(setting)}: the cluster has no ${missing.join(", ")} of ${group}; ` +
        "install the Prometheus operator with its custom resource definitions, or remove the setting",
    ],
  };
}
