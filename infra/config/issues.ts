import type { z } from "zod";
import type { Finding, Path } from "./problems.ts";
import { show } from "./redact.ts";
import { describeAllowed, knownKeys, schemaAt, valueAt } from "./schema-walk.ts";
import { didYouMean } from "./suggest.ts";

/** Marks messages that no schema wrote: they are replaced by words made from the schema itself. */
const unworded = "\0";

/** What a document breaks of its schema; empty if it fits. */
export function schemaFindings(schema: z.ZodType, data: unknown): readonly Finding[] {
  const parsed = schema.safeParse(data, { error: () => unworded });
  const findings = (parsed.error?.issues ?? []).flatMap((issue) => toFindings(schema, data, issue));
  return mergeByPath(findings);
}

function toFindings(schema: z.ZodType, data: unknown, issue: z.core.$ZodIssue): Finding[] {
  const at = issue.path.map((part) => (typeof part === "symbol" ? String(part) : part)) as Path;
  if (issue.code === "unrecognized_keys") {
    const holder = schemaAt(schema, at);
    const known = holder === undefined ? [] : knownKeys(holder);
    return issue.keys.map((key) => ({
      at: [...at, key],
      allowed: "unknown setting",
      fix: didYouMean(key, known),
      atKey: true,
    }));
  }
  if (issue.code === "invalid_key") {
    const allowed = issue.issues[0]?.message ?? "a name that fits";
    return [{ at, got: "this name", allowed, atKey: true }];
  }
  const value = valueAt(data, at);
  const word = describeAllowed(schemaAt(schema, at));
  const allowed = issue.message === unworded ? `allowed: ${word ?? issue.code}` : issue.message;
  if (value === undefined) {
    return [{ at, allowed: `missing; ${allowed}` }];
  }
  const fix = value === null ? { fix: "remove the line to use the default" } : {};
  return [{ at, got: show(value, at), allowed, ...fix }];
}

/** A value that breaks two checks is one problem. */
function mergeByPath(findings: readonly Finding[]): readonly Finding[] {
  const merged = new Map<string, Finding>();
  for (const finding of findings) {
    const key = JSON.stringify(finding.at);
    const before = merged.get(key);
    const both = before !== undefined && before.allowed !== finding.allowed;
    merged.set(
      key,
      both ? { ...before, allowed: `${before.allowed}; ${finding.allowed}` } : finding,
    );
  }
  return [...merged.values()];
}
