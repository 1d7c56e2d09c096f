/**
 * An object as the API server has it, without what may be secret: values of environments, contents of Secrets, and the
 * copies of both that tools leave in annotations. Bookkeeping of the API server is left out too.
 */
export function withoutValues(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutValues);
  if (typeof value !== "object" || value === null) return value;
  const record = value as Readonly<Record<string, unknown>>;
  return Object.fromEntries(
    Object.entries(record).flatMap(([key, item]): [string, unknown][] => {
      if (key === "managedFields" || key === "kubectl.kubernetes.io/last-applied-configuration") {
        return [];
      }
      if (key === "env" && Array.isArray(item)) return [[key, item.map(withoutValue)]];
      const secret = record["kind"] === "Secret" && (key === "data" || key === "stringData");
      if (secret && typeof item === "object" && item !== null) {
        return [[key, Object.fromEntries(Object.keys(item).map((name) => [name, hidden]))]];
      }
      return [[key, withoutValues(item)]];
    }),
  );
}

const hidden = "...";

/** References to Secrets stay: they are names. */
function withoutValue(entry: unknown): unknown {
  const { value, ...rest } = entry as { readonly value?: unknown };
  return value === undefined ? rest : { ...rest, value: hidden };
}
