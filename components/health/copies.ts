import { endpointsOf, type Target, type Targets } from "../platform/transport.ts";
import type { HealthPolicy } from "./policy.schema.ts";

type Probe = HealthPolicy["probes"][number];

/** Kinds that ask one place; the others ask for all copies at once. */
const kindsOfOne: readonly Probe["kind"][] = ["http", "mcp", "tcp"];

/** Where copies come and go with the load, the platform's word for all of them counts those, too. */
const kindsOfCertain: readonly Probe["kind"][] = [...kindsOfOne, "state"];

/**
 * Every copy is asked by itself: whoever asked one of two would not see that the other is sick. Each gets probes of its
 * own (`scene/ready` becomes `scene/ready-copy-0`, `scene/ready-copy-1`), which wait for those of the same copy. Copies
 * that come and go with the load are not asked: one that is not there is not a fault.
 */
export function withCopies(policy: HealthPolicy): HealthPolicy {
  const several = new Map(
    Object.entries(policy.targets as Targets).filter(
      ([, target]) => endpointsOf(target).length > 1 || target.elastic !== undefined,
    ),
  );
  if (several.size === 0) return policy;
  const copiesOf = (probe: Probe): Target | undefined => {
    const target = several.get(probe.at ?? probe.subject);
    const kinds = target?.elastic === undefined ? kindsOfOne : kindsOfCertain;
    return kinds.includes(probe.kind) ? target : undefined;
  };
  const split = new Map(policy.probes.map((probe) => [probe.name, copiesOf(probe)]));
  const probes = policy.probes.flatMap((probe): Probe[] => {
    const target = copiesOf(probe);
    if (!target) return [{ ...probe, after: probe.after.flatMap((name) => allOf(name, split)) }];
    return endpointsOf(target).map((_, copy) => ({
      ...probe,
      name: `${probe.name}-copy-${copy}`,
      at: `${target.component}-copy-${copy}`,
      after: probe.after.flatMap((name) =>
        split.get(name) === target ? [`${name}-copy-${copy}`] : allOf(name, split),
      ),
    }));
  });
  const copies = [...several.values()].flatMap((target) =>
    endpointsOf(target).map((endpoint, copy) => {
      const { endpoints: _endpoints, elastic: _elastic, ...rest } = target;
      return [
        `${target.component}-copy-${copy}`,
        { ...rest, workload: endpoint, address: endpoint },
      ];
    }),
  );
  return {
    ...policy,
    probes,
    targets: { ...policy.targets, ...(Object.fromEntries(copies) as Targets) },
  } as HealthPolicy;
}

/** Probes that stand for one of the policy now. */
function allOf(name: string, split: ReadonlyMap<string, Target | undefined>): string[] {
  const target = split.get(name);
  return target ? endpointsOf(target).map((_, copy) => `${name}-copy-${copy}`) : [name];
}
