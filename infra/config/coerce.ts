import { parseDocument } from "yaml";
import { z } from "zod";
import { unwrap } from "./schema-walk.ts";

/** Turns a text into what the schema wants. A text that does not fit stays one, and the schema says so. */
export function coerce(schema: z.ZodType, value: unknown): unknown {
  const plain = unwrap(schema);
  if (plain instanceof z.ZodString && (typeof value === "number" || typeof value === "boolean")) {
    return String(value);
  }
  if (typeof value !== "string") {
    return value;
  }
  if (plain instanceof z.ZodNumber) {
    return /^[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)$/.test(value.trim()) ? Number(value) : value;
  }
  if (plain instanceof z.ZodBoolean || plain instanceof z.ZodUnion) {
    return value === "true" ? true : value === "false" ? false : value;
  }
  if (plain instanceof z.ZodObject || plain instanceof z.ZodRecord || plain instanceof z.ZodArray) {
    const doc = parseDocument(value, { prettyErrors: false });
    return doc.errors.length === 0 ? (doc.toJS({ maxAliasCount: 0 }) as unknown) : value;
  }
  return value;
}
