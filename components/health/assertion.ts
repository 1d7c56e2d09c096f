/** A statement about a JSON document, as in `database.healthy == true`, `tools[0].name exists` or `count >= 3`. */
export interface Assertion {
  readonly path: readonly (string | number)[];
  readonly operator: Comparison | "exists";
  /** Absent with `exists`. */
  readonly value?: string | number | boolean | null;
}

export const comparisons = ["==", "!=", "<=", ">=", "<", ">"] as const;
export type Comparison = (typeof comparisons)[number];

const syntax = /^\s*([\w$-]+(?:\.[\w$-]+|\[\d+\])*)\s+(?:(exists)|(==|!=|<=|>=|<|>)\s*(.+?))\s*$/;

/** How an assertion is written, for error messages. */
export const assertionSyntax =
  "`path operator value` with ==, !=, <, <=, > or >= and a JSON value, or `path exists`; as in database.healthy == true";

/** Undefined for anything that is not spelled as `assertionSyntax` says. */
export function parseAssertion(text: string): Assertion | undefined {
  const [, path, exists, operator, literal] = syntax.exec(text) ?? [];
  if (path === undefined) return undefined;
  const keys = path
    .replaceAll(/\[(\d+)\]/g, ".#$1")
    .split(".")
    .map((key) => (key.startsWith("#") ? Number(key.slice(1)) : key));
  if (exists) return { path: keys, operator: "exists" };
  const value = jsonScalar(literal!);
  if (value === undefined) return undefined;
  const ordered = operator !== "==" && operator !== "!=";
  if (ordered && typeof value !== "number") return undefined;
  return { path: keys, operator: operator as Comparison, value };
}

function jsonScalar(text: string): string | number | boolean | null | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null) return undefined;
    return value as string | number | boolean | null;
  } catch {
    // Words need no quotes: `status == healthy`.
    return /^[\w.-]+$/.test(text) ? text : undefined;
  }
}

/** What is wrong with the document, or undefined. A field that is missing is wrong, whatever was to be compared. */
export function violation(assertion: Assertion, document: unknown): string | undefined {
  const path = assertion.path.join(".");
  let at = document;
  for (const key of assertion.path) {
    if (typeof at !== "object" || at === null || !Object.hasOwn(at, key)) return `no ${path}`;
    at = (at as Record<string | number, unknown>)[key];
  }
  if (assertion.operator === "exists") return undefined;
  const wanted = assertion.value!;
  if (compare(at, assertion.operator, wanted)) return undefined;
  return `${path} is ${JSON.stringify(at)}, not ${assertion.operator === "==" ? "" : `${assertion.operator} `}${JSON.stringify(wanted)}`;
}

/** Values of another type are only ever unequal. */
export function compare(given: unknown, operator: Comparison, wanted: unknown): boolean {
  switch (operator) {
    case "==":
      return given === wanted;
    case "!=":
      return given !== wanted;
    case "<":
    case "<=":
    case ">":
    case ">=": {
      if (typeof given !== "number" || typeof wanted !== "number") return false;
      if (operator === "<") return given < wanted;
      if (operator === "<=") return given <= wanted;
      return operator === ">" ? given > wanted : given >= wanted;
    }
  }
}
