import type { HealthPolicy } from "../components/health/policy.schema.ts";
import { keptPlace, type Place } from "./platforms/place.ts";
import type { ReleaseGates } from "./release-gates.ts";
import { transactionState, type ReleaseRecords } from "./release/records.ts";
import type { Handover } from "./switch-traffic.ts";

/**
 * What a release takes over from the records before it. `again` says that it is the release that is live: nothing new, no
 * new transaction, and it takes over what it took over then; so an unchanged `up` shows no change at all.
 */
export function handoverTo(
  release: string,
  records: ReleaseRecords,
  place: Place,
): { readonly again: boolean; readonly handover: Handover } {
  const { journal } = records;
  const again = transactionState(records) === "committed" && journal!.release === release;
  const handover = again
    ? (journal!.context as Handover)
    : { ...liveBefore(records), place: keptPlace(place) };
  return { again, handover };
}

/** Where each part of the release before is. */
export function beforeOf({
  before,
  endpoints = {},
  elastic = {},
}: Pick<Handover, "before" | "endpoints" | "elastic">): ReleaseGates["before"] {
  return Object.fromEntries(
    Object.entries(before).map(([server, workload]) => [
      server,
      {
        workload,
        ...(endpoints[server] && { endpoints: endpoints[server] }),
        ...(elastic[server] && { elastic: elastic[server] }),
      },
    ]),
  );
}

/** Where the servers of a release and what they stand on are, as its gates know it. */
export function liveBefore(records: ReleaseRecords): Omit<Handover, "place"> {
  const parts = Object.entries(targetsOf(records, "private"));
  const named = (of: "endpoints" | "elastic") =>
    Object.fromEntries(parts.flatMap(([name, { [of]: hosts }]) => (hosts ? [[name, hosts]] : [])));
  return {
    before: Object.fromEntries(parts.map(([name, { workload }]) => [name, workload])),
    endpoints: named("endpoints"),
    elastic: named("elastic"),
  };
}

/** Parts that a gate asks, not the copies of one. */
export function targetsOf(
  { gates }: ReleaseRecords,
  gate: "private" | "public",
): HealthPolicy["targets"] {
  const policy = gates.get(gate)?.policy as Partial<HealthPolicy> | undefined;
  return Object.fromEntries(
    Object.entries(policy?.targets ?? {}).filter(([name, { component }]) => name === component),
  );
}
