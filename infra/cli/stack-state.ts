import type { OutputMap } from "@pulumi/pulumi/automation/index.js";
import { secretSignature, signatureKey } from "../release/deployment-values.ts";

/** What is read of an exported stack. */
export interface Deployment {
  readonly resources?: readonly StateResource[];
  readonly pending_operations?: readonly unknown[];
}

export interface StateResource {
  readonly urn: string;
  readonly type: string;
  readonly id?: string;
  readonly delete?: boolean;
  readonly protect?: boolean;
  readonly inputs?: Readonly<Record<string, unknown>>;
  readonly outputs?: Readonly<Record<string, unknown>>;
}

/** Stack outputs of a state that was exported with its secrets in clear; one with a secret inside is a secret. */
export function outputsOf({ resources = [] }: Deployment): OutputMap {
  const stack = resources.find(({ type }) => type === "pulumi:pulumi:Stack");
  return Object.fromEntries(
    Object.entries(stack?.outputs ?? {}).map(([name, value]) => {
      let secret = false;
      const plain = reveal(value, () => (secret = true));
      return [name, { value: plain, secret }];
    }),
  );
}

function reveal(value: unknown, onSecret: () => void): unknown {
  if (Array.isArray(value)) return value.map((item) => reveal(item, onSecret));
  if (typeof value !== "object" || value === null) return value;
  const record = value as Readonly<Record<string, unknown>>;
  if (record[signatureKey] === secretSignature && typeof record["plaintext"] === "string") {
    onSecret();
    return reveal(JSON.parse(record["plaintext"]), onSecret);
  }
  return Object.fromEntries(
    Object.entries(record).map(([key, item]) => [key, reveal(item, onSecret)]),
  );
}
