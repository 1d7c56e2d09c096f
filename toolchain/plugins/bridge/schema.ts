import type { Value } from "./values.ts";

/** Kinds of property the official plugins know. Lists keep their order, sets do not. */
type Kind = "string" | "int" | "bool" | "list" | "set" | "map";

/** What is known about one property; everything the generic code decides, it decides from this. */
export interface Field {
  readonly kind: Kind;
  /** Members of each element, for lists and sets of objects. */
  readonly element?: Fields;
  /** A list or set that holds at most one object and is shown as that object. */
  readonly single?: boolean;
  /** Must be given. */
  readonly required?: boolean;
  /** The plugin fills it in where the user does not. */
  readonly computed?: boolean;
  /** Only the plugin can set it. */
  readonly outputOnly?: boolean;
  /** A change means a new object. */
  readonly forceNew?: boolean;
  /** Exists in the official plugin, but the stand-in does not act on it, so it must not be given. */
  readonly refused?: boolean;
  /** Value of the official plugin where the user gives none. */
  readonly default?: string | number | boolean;
  /** Name in the official plugin's own state, where it is not the snake case of ours. */
  readonly raw?: string;
  /** True where the difference between two values means nothing. */
  readonly suppress?: (prior: Value, next: Value) => boolean;
  /** What is wrong with a known value, or undefined. */
  readonly validate?: (value: Value) => string | undefined;
}

export type Fields = Readonly<Record<string, Field>>;

type Options = Omit<Field, "kind" | "element" | "single">;

export const str = (options: Options = {}): Field => ({ kind: "string", ...options });
export const int = (options: Options = {}): Field => ({ kind: "int", ...options });
export const bool = (options: Options = {}): Field => ({ kind: "bool", ...options });
export const map = (options: Options = {}): Field => ({ kind: "map", ...options });
export const list = (options: Options & { element?: Fields } = {}): Field => ({
  kind: "list",
  ...options,
});
export const set = (options: Options & { element?: Fields } = {}): Field => ({
  kind: "set",
  ...options,
});
/** One object, which the official plugin keeps as a list or set of at most one. */
export const single = (kind: "list" | "set", element: Fields, options: Options = {}): Field => ({
  kind,
  element,
  single: true,
  ...options,
});

/**
 * True for nested objects that the official plugin keeps as blocks: such a property is an empty
 * list in its state, never null. Optional computed ones are kept as attributes, which can be null.
 */
export function isBlock(field: Field): boolean {
  return field.element !== undefined && (field.computed !== true || field.outputOnly === true);
}

/** The value of a field that nobody set. */
export function emptyValue(field: Field): Value {
  return isBlock(field) && field.single !== true ? [] : null;
}

/** `networkDatas` -> `network_datas`. */
export function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
