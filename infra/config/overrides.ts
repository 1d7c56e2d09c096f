import { z } from "zod";
import { coerce } from "./coerce.ts";
import type { Finding, Path, Problem } from "./problems.ts";
import { show } from "./redact.ts";
import { childOf, formatPath, knownKeys, namesIn, unwrap } from "./schema-walk.ts";
import { didYouMean } from "./suggest.ts";

/** One value that replaces what the fleet file says. */
export interface Override {
  /** Address in the fleet file: `servers.scene.port`, `servers[4].port`. */
  readonly path: string;
  /** A text is turned into what the schema wants; other values are taken as they are. */
  readonly value: unknown;
  /** Where it comes from, as messages name it: `environment LOG_LEVEL`, `--set`. */
  readonly origin: string;
}

/** Data with overrides in it, and where each of them came from. */
export interface Overridden {
  readonly data: unknown;
  readonly origins: readonly { readonly at: Path; readonly origin: string }[];
  readonly problems: readonly Problem[];
}

/** Splits `--set path=value`. A text without `=` is a problem; its value part is never shown. */
export function parseSets(sets: readonly string[]): {
  readonly overrides: readonly Override[];
  readonly problems: readonly Problem[];
} {
  const overrides: Override[] = [];
  const problems: Problem[] = [];
  for (const text of sets) {
    const equals = text.indexOf("=");
    if (equals < 1) {
      problems.push({
        path: "--set",
        got: show(text),
        allowed: "path=value, as in --set servers.scene.image=registry.example/scene:1",
      });
      continue;
    }
    const path = text.slice(0, equals).trim();
    overrides.push({ path, value: text.slice(equals + 1), origin: "--set" });
  }
  return { overrides, problems };
}

/** Puts overrides into a copy of the data, later ones over earlier ones. */
export function applyOverrides(
  schema: z.ZodType,
  data: unknown,
  overrides: readonly Override[],
): Overridden {
  const copy = structuredClone(data);
  const origins: { at: Path; origin: string }[] = [];
  const problems: Problem[] = [];
  for (const override of overrides) {
    const segments = splitPath(override.path);
    const placed =
      segments === undefined
        ? {
            at: [override.path],
            allowed: "a path of names joined by dots, as in servers.scene.port",
          }
        : place(schema, copy, segments, override.value, (at) => {
            origins.push({ at, origin: override.origin });
          });
    if (placed !== undefined) {
      const { at, allowed, fix } = placed;
      const advice = fix === undefined ? {} : { fix };
      problems.push({ path: formatPath(at, copy), allowed, ...advice, source: override.origin });
    }
  }
  return { data: copy, origins, problems };
}

function splitPath(path: string): readonly string[] | undefined {
  const segments = path.replaceAll(/\[([0-9]+)\]/g, ".$1").split(".");
  const good = /^[A-Za-z0-9_-]+$/;
  return segments.every((part) => good.test(part) && part !== "__proto__") ? segments : undefined;
}

type Container = Record<string | number, unknown>;

/** Sets one value; the answer is what hinders it. Missing maps on the way are made. */
function place(
  root: z.ZodType,
  data: unknown,
  segments: readonly string[],
  value: unknown,
  placed: (at: Path) => void,
): Finding | undefined {
  let schema = root;
  let holder = data as Container;
  const at: (string | number)[] = [];
  for (const [depth, segment] of segments.entries()) {
    const step = enter(schema, holder, segment, at);
    if ("allowed" in step) {
      return step;
    }
    at.push(step.key);
    schema = step.schema;
    if (depth === segments.length - 1) {
      return assign(schema, holder, step.key, value, at, placed);
    }
    const next: unknown = holder[step.key];
    if (next === undefined || next === null) {
      const plain = unwrap(schema);
      if (plain instanceof z.ZodObject || plain instanceof z.ZodRecord) {
        holder[step.key] = {};
      } else if (plain instanceof z.ZodArray) {
        holder[step.key] = [];
      }
    }
    const child = holder[step.key];
    if (typeof child !== "object" || child === null) {
      const deeper = segments[depth + 1] ?? "";
      const hasChildren = knownKeys(schema).length > 0 || unwrap(schema) instanceof z.ZodArray;
      // A file that holds a text where a map belongs is reported by the schema itself.
      return hasChildren
        ? undefined
        : {
            at: [...at, deeper],
            allowed: `${formatPath(at, data)} is a single value and has no parts`,
          };
    }
    holder = child as Container;
  }
  return undefined;
}

function enter(
  schema: z.ZodType,
  holder: Container,
  segment: string,
  at: Path,
): { readonly key: string | number; readonly schema: z.ZodType } | Finding {
  if (unwrap(schema) instanceof z.ZodArray) {
    const list = Array.isArray(holder) ? (holder as unknown[]) : [];
    const names = namesIn(list);
    const index = /^[0-9]+$/.test(segment) ? Number(segment) : names.indexOf(segment);
    const child = childOf(schema, index);
    if (child !== undefined && index >= 0 && index < list.length) {
      return { key: index, schema: child };
    }
    const known = names.filter((name): name is string => name !== undefined);
    return {
      at: [...at, segment],
      allowed: `no such entry in ${at.join(".")}`,
      fix:
        known.length > 0
          ? didYouMean(segment, known)
          : `the list has ${list.length}, counted from 0`,
    };
  }
  const child = childOf(schema, segment);
  return child === undefined
    ? {
        at: [...at, segment],
        allowed: "unknown setting",
        fix: didYouMean(segment, knownKeys(schema)),
      }
    : { key: segment, schema: child };
}

/**
 * A map given for a map with fixed keys changes those keys only, and one given for a list changes the entries of those
 * names; anything else replaces what was there.
 */
function assign(
  schema: z.ZodType,
  holder: Container,
  key: string | number,
  value: unknown,
  at: Path,
  placed: (at: Path) => void,
): Finding | undefined {
  const wanted = coerce(schema, value);
  const old = holder[key];
  if (Array.isArray(old) && isMap(wanted)) {
    const entries = old as unknown as Container;
    for (const [name, inner] of Object.entries(wanted)) {
      const step = enter(schema, entries, name, at);
      const hindered =
        "allowed" in step
          ? step
          : assign(step.schema, entries, step.key, inner, [...at, step.key], placed);
      if (hindered !== undefined) {
        return hindered;
      }
    }
    return undefined;
  }
  if (unwrap(schema) instanceof z.ZodObject && isMap(wanted)) {
    const target: Container = isMap(old) ? old : (holder[key] = {});
    for (const [name, inner] of Object.entries(wanted)) {
      const child = childOf(schema, name);
      if (child === undefined) {
        // Left to the schema, which names unknown settings with the known ones.
        target[name] = inner;
        placed([...at, name]);
      } else {
        const hindered = assign(child, target, name, inner, [...at, name], placed);
        if (hindered !== undefined) {
          return hindered;
        }
      }
    }
    return undefined;
  }
  holder[key] = wanted;
  placed([...at]);
  return undefined;
}

function isMap(value: unknown): value is Container {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
