import {
  nameOf,
  type Deployment,
  type Properties,
  type ResourceRecord,
} from "../../release/deployment.ts";
import { signatureKey, toWire } from "../../release/deployment-values.ts";
import { readRecords } from "../../release/records.ts";
import type { Manifest } from "./manifest.ts";

export const liveSecretType = "pulumi-nodejs:dynamic/mcpfleet:LiveSecret";

/** What the last release has. */
export interface Deployed {
  /** By type and name. */
  readonly resources: ReadonlyMap<string, ResourceRecord>;
  /** Properties whose changes do not count, by type and name. */
  readonly ignored: Readonly<Record<string, readonly string[]>>;
}

export function keyOf(type: string, name: string): string {
  return `${type} ${name}`;
}

/** Whether a resource is an object of the cluster, or several. */
export function isOfCluster(type: string): boolean {
  return type.startsWith("kubernetes:") || type === liveSecretType;
}

/** @param deployment with its secrets open. */
export function deployedOf(deployment: Deployment | null): Deployed {
  const records = deployment?.resources ?? [];
  const live = records.filter(({ delete: gone }) => !gone);
  return {
    resources: new Map(live.map((record) => [keyOf(record.type, nameOf(record.urn)), record])),
    ignored: readRecords(records).commit?.ignoreChanges ?? {},
  };
}

/** Properties without the envelopes of secrets. */
export function opened(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(opened);
  if (typeof value !== "object" || value === null) return value;
  const record = value as Record<string, unknown>;
  if (signatureKey in record && "value" in record) return opened(record["value"]);
  return Object.fromEntries(Object.entries(record).map(([key, inner]) => [key, opened(inner)]));
}

/** Inputs of a record as a program sends them, and without what the plugin notes there for itself. */
export function inputsOf(record: ResourceRecord): Properties {
  return withoutNotes(opened(toWire(record.inputs ?? {})) as Properties);
}

const autonamed = "pulumi.com/autonamed";

/** A name that the plugin chose is none of the program's; fields that say nothing are none at all. */
export function withoutNotes(inputs: Properties): Properties {
  const { metadata, ...rest } = inputs as Properties & { readonly metadata?: Manifest["metadata"] };
  if (metadata === undefined) return inputs;
  const { annotations = {}, name, ...own } = metadata;
  const { [autonamed]: chosen, ...said } = annotations;
  return {
    ...rest,
    metadata: {
      ...own,
      ...(chosen === undefined && name !== undefined && { name }),
      ...(Object.keys(said).length > 0 && { annotations: said }),
    },
  };
}
