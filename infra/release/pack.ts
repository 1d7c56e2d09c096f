import { gunzipSync, gzipSync } from "node:zlib";
import { signatureKey } from "./deployment-values.ts";
import type { Deployment, Properties, ResourceRecord } from "./deployment.ts";
import { readRecords, recordNames } from "./records.ts";

/**
 * A deployment as one string: JSON, gzip, base64. About a tenth of its size.
 *
 * The journal's own payload is left out, or every release would carry all releases before it.
 */
export function packDeployment(deployment: Deployment): string {
  const resources = deployment.resources?.map((resource) =>
    isJournal(resource) ? withoutPayload(resource) : resource,
  );
  return packWhole({ ...deployment, ...(resources && { resources }) });
}

/** The same with the journal's own payload: for as long as a rollback runs, which needs it and keeps it nowhere else. */
export function packWhole(deployment: Deployment): string {
  return gzipSync(JSON.stringify(deployment)).toString("base64");
}

/** @throws if the text is not a packed deployment. */
export function unpackDeployment(packed: string): Deployment {
  return JSON.parse(gunzipSync(Buffer.from(packed, "base64")).toString("utf8")) as Deployment;
}

/**
 * The deployment that the open transaction of `failed` started from; undefined if it was the first one.
 *
 * The journal record that was cut out when it was packed is still in `failed`, waiting for its deletion; once a rollback
 * has begun, it is in the package.
 */
export function deploymentBefore(failed: Deployment): Deployment | undefined {
  const { journal } = readRecords(failed.resources ?? []);
  const packed = plaintext(journal?.before);
  if (typeof packed !== "string") return undefined;
  const before = unpackDeployment(packed);
  const kept = new Map(
    (failed.resources ?? []).filter(isJournal).map((resource) => [resource.id, resource]),
  );
  return {
    ...before,
    resources: (before.resources ?? []).map((resource) => {
      const whole = isJournal(resource) ? kept.get(resource.id) : undefined;
      return whole
        ? { ...resource, inputs: whole.inputs ?? {}, outputs: whole.outputs ?? {} }
        : resource;
    }),
  };
}

/** Value of a secret that was exported in plain text; anything else as it is. */
export function plaintext(value: unknown): unknown {
  if (value === null || typeof value !== "object" || !(signatureKey in value)) return value;
  const { plaintext: json } = value as { plaintext?: string };
  if (json === undefined) throw new Error("the secret is encrypted; export it with --show-secrets");
  return JSON.parse(json);
}

/** Whether it is the journal of a transaction. */
export function isJournal({ type, urn }: ResourceRecord): boolean {
  return type === "pulumi:index:Stash" && urn.endsWith(`::${recordNames.journal}`);
}

function withoutPayload(resource: ResourceRecord): ResourceRecord {
  const strip = (value: unknown): unknown =>
    value !== null && typeof value === "object" && "before" in value
      ? { ...value, before: null }
      : value;
  const each = (bag: Properties = {}): Properties =>
    Object.fromEntries(Object.entries(bag).map(([key, value]) => [key, strip(value)]));
  return { ...resource, inputs: each(resource.inputs), outputs: each(resource.outputs) };
}
