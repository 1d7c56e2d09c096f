import type { ResourceHookBinding } from "@pulumi/pulumi";
import { liveBefore } from "./handover.ts";
import { healthGate } from "./open-release.ts";
import type { Site } from "./platforms/site.ts";
import { secretsOf } from "./probe-secrets.ts";
import { nameOf, type Deployment, type ResourceRecord } from "./release/deployment.ts";
import { gateHook } from "./release/gate.ts";
import type { ReleaseEvent } from "./release/link.ts";
import { readRecords, recordNames } from "./release/records.ts";
import { rolloutSchema } from "../components/health/health.schema.ts";

export interface ReturnHooksOptions {
  readonly site: Pick<Site, "transport" | "liveFiles">;
  /** What is live, and what is returned to; secrets open. */
  readonly current: Deployment;
  readonly target: Deployment;
  readonly transaction: string;
  readonly tell: (event: ReleaseEvent) => void;
}

/** The hooks of a release's own gates, for the replay that returns to it: its probes speak again. */
export function asGateHooks({
  site,
  current,
  target,
  transaction,
  tell,
}: ReturnHooksOptions): (record: ResourceRecord) => ResourceHookBinding | undefined {
  const judge = healthGate({
    ...{ site, transaction, tell, before: undefined },
    // All at once: whoever returns to a release wants it now.
    rollout: rolloutSchema.parse({}),
    handover: liveBefore(readRecords(current.resources ?? [])),
    secrets: () => secretsOf(target),
  });
  return (record) => {
    const name = nameOf(record.urn);
    if (record.type !== "pulumi:index:Stash" || !name.startsWith(recordNames.gatePrefix))
      return undefined;
    const hook = gateHook(name.slice(recordNames.gatePrefix.length), judge);
    return { afterCreate: [hook], afterUpdate: [hook] };
  };
}
