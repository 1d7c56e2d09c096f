import { z } from "zod";
import type { Path } from "./problems.ts";
import { looksSecret } from "./redact.ts";

/** The schema below defaults, optionals and transformations: what a value in a file has to look like. */
export function unwrap(schema: z.ZodType): z.ZodType {
  if (
    schema instanceof z.ZodDefault ||
    schema instanceof z.ZodPrefault ||
    schema instanceof z.ZodOptional
  ) {
    return unwrap(schema.def.innerType as z.ZodType);
  }
  return schema instanceof z.ZodPipe ? unwrap(schema.def.in as z.ZodType) : schema;
}

/** Schema of one entry of a map or list; undefined if there is no such setting. */
export function childOf(schema: z.ZodType, key: string | number): z.ZodType | undefined {
  const plain = unwrap(schema);
  if (plain instanceof z.ZodObject) {
    const shape = plain.shape as Record<string, z.ZodType>;
    return Object.hasOwn(shape, key) ? shape[key] : undefined;
  }
  if (plain instanceof z.ZodRecord) {
    return plain.valueType as z.ZodType;
  }
  return plain instanceof z.ZodArray ? (plain.element as z.ZodType) : undefined;
}

/** Settings that a map may have; empty for everything but a map with fixed keys. */
export function knownKeys(schema: z.ZodType): readonly string[] {
  const plain = unwrap(schema);
  return plain instanceof z.ZodObject ? Object.keys(plain.shape) : [];
}

/** Schema at a path; undefined if the path leads nowhere. */
export function schemaAt(root: z.ZodType, path: Path): z.ZodType | undefined {
  return path.reduce<z.ZodType | undefined>(
    (schema, key) => (schema === undefined ? undefined : childOf(schema, key)),
    root,
  );
}

/** Value at a path of plain data; undefined if the path leads nowhere. */
export function valueAt(root: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (value, key) =>
      typeof value === "object" && value !== null && Object.hasOwn(value, key)
        ? (value as Record<string | number, unknown>)[key]
        : undefined,
    root,
  );
}

/**
 * A path as `--set` would address it. Entries of lists go by their name where it is a good and unique one, else by
 * their index: `servers.scene.port`, `servers[3].name`.
 */
export function formatPath(path: Path, root: unknown): string {
  return pathFormatter(root)(path);
}

/** The same for many paths of data that does not change meanwhile. */
export function pathFormatter(root: unknown): (path: Path) => string {
  const lists = new Map<unknown, readonly (string | undefined)[]>();
  const nameOf = (list: unknown, index: number) => {
    const names = lists.get(list) ?? uniqueNames(list);
    lists.set(list, names);
    return names[index];
  };
  return (path) => {
    let text = "";
    for (const [depth, key] of path.entries()) {
      if (typeof key === "string") {
        const shown = looksSecret(key) ? "(name not shown)" : key;
        text += text === "" ? shown : `.${shown}`;
        continue;
      }
      // The name itself is addressed by index: it may be what is wrong.
      const named = path[depth + 1] !== "name";
      const name = named ? nameOf(valueAt(root, path.slice(0, depth)), key) : undefined;
      text += name === undefined ? `[${key}]` : `.${name}`;
    }
    return text;
  };
}

/** Names that can stand in a path, by index. */
function uniqueNames(list: unknown): readonly (string | undefined)[] {
  const names = namesIn(list);
  const first = new Map<string, number>();
  const twice = new Set<string>();
  names.forEach((name, index) => {
    if (name !== undefined && first.has(name)) {
      twice.add(name);
    } else if (name !== undefined) {
      first.set(name, index);
    }
  });
  return names.map((name) =>
    name !== undefined && /^[a-z][a-z0-9-]{0,39}$/.test(name) && !twice.has(name)
      ? name
      : undefined,
  );
}

/** Names of the entries of a list, by index. */
export function namesIn(list: unknown): readonly (string | undefined)[] {
  return Array.isArray(list)
    ? list.map((entry) => {
        const name = valueAt(entry, ["name"]);
        return typeof name === "string" ? name : undefined;
      })
    : [];
}

/** What a schema allows, in words; for checks that bring no message of their own. */
export function describeAllowed(schema: z.ZodType | undefined): string | undefined {
  const plain = schema === undefined ? undefined : unwrap(schema);
  if (plain instanceof z.ZodNumber) {
    const whole = plain.isInt ? "a whole number" : "a number";
    return `${whole} from ${plain.minValue ?? "any"} to ${plain.maxValue ?? "any"}`;
  }
  if (plain instanceof z.ZodBoolean) {
    return "true or false";
  }
  if (plain instanceof z.ZodObject) {
    return `a map with ${knownKeys(plain).join(", ")}`;
  }
  if (plain instanceof z.ZodRecord) {
    return "a map of names and values";
  }
  if (plain instanceof z.ZodArray) {
    return "a list";
  }
  return plain instanceof z.ZodString ? "a text" : undefined;
}
