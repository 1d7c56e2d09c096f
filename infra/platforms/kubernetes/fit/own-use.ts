import { isDeepStrictEqual } from "node:util";
import type {
  KubernetesObject,
  Workload,
} from "../../../../components/platform/kubernetes/objects.ts";
import { amountOf } from "../../../../components/platform/kubernetes/quantity.ts";
import { labelNames } from "../../../../components/platform/labels.ts";
import { claimAmounts, sumOf, workloadAmounts, type Amounts } from "./amounts.ts";
import { amountsOf, type Part, type Resources } from "./demand.ts";
import { seen, type Asked } from "./findings.ts";

/** A workload of the stack, as the cluster has it. */
export interface OwnWorkload {
  readonly owner: string;
  readonly amounts: Amounts;
  readonly container: Container | undefined;
}

interface Container {
  readonly image?: string;
  readonly resources?: Resources;
  readonly env?: readonly { readonly name: string; readonly value?: string }[];
}

interface Claimed extends KubernetesObject {
  readonly spec: {
    readonly storageClassName?: string;
    readonly resources?: { readonly requests?: { readonly storage?: string } };
  };
}

export async function ownWorkloads({ client, stack }: Asked): Promise<OwnWorkload[]> {
  const query = { labelSelector: `${labelNames.stack}=${stack}` };
  const lists = await Promise.all(
    (["StatefulSet", "Deployment"] as const).map(async (kind) => {
      const path = client.path("apps/v1", `${kind.toLowerCase()}s`);
      const items = (await seen(client.api.list<Workload>(path, { query }))) ?? [];
      return items.map(({ metadata, spec }) => {
        const [container] = spec.template.spec.containers as readonly Container[];
        const pod = amountsOf(container?.resources ?? {});
        return {
          ...{ container, owner: metadata.labels?.[labelNames.component] ?? metadata.name },
          amounts: workloadAmounts(kind, pod, spec.replicas ?? 1),
        };
      });
    }),
  );
  return lists.flat();
}

/** Volumes outlive their stack: some may be there before it is. */
export async function ownClaims({ client, stack }: Asked): Promise<Amounts> {
  const query = { labelSelector: `${labelNames.stack}=${stack}` };
  const path = client.path("v1", "persistentvolumeclaims");
  const claims = (await seen(client.api.list<Claimed>(path, { query }))) ?? [];
  return sumOf(
    claims.map(({ spec: { storageClassName, resources } }) =>
      claimAmounts(amountOf(resources?.requests?.storage) ?? 0, storageClassName),
    ),
  );
}

/**
 * Whether a workload will certainly be another one, or none, after the update; it lives until the new release is proven.
 * That another is the same cannot be said without running the program.
 */
export function isReplaced(
  { owner, container }: OwnWorkload,
  parts: readonly Part[],
  { fleet }: Pick<Asked, "fleet">,
): boolean {
  const part = parts.find((one) => one.owner === owner);
  if (part === undefined) return true;
  if (!part.beside || container === undefined) return false;
  const { image, env = {} } = fleet.servers.find(({ name }) => name === owner)!;
  const values = new Map((container.env ?? []).map(({ name, value }) => [name, value]));
  return (
    (image !== undefined && image !== container.image) ||
    !isDeepStrictEqual(amountsOf(container.resources ?? {}), part.pod) ||
    Object.entries(env).some(([name, value]) => values.get(name) !== value)
  );
}
