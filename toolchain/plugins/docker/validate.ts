import { isAbsolute } from "node:path";
import type { Value } from "../bridge/values.ts";
import { text } from "./state.ts";

type Validator = (value: Value) => string | undefined;

export const atLeast =
  (minimum: number): Validator =>
  (value) =>
    Number(value) >= minimum ? undefined : `got ${show(value)}, must be at least ${minimum}`;

export const oneOf =
  (...allowed: string[]): Validator =>
  (value) =>
    allowed.includes(text(value))
      ? undefined
      : `got ${show(value)}, must be one of ${allowed.join(", ")}`;

export const pattern =
  (expression: RegExp, meaning: string): Validator =>
  (value) =>
    expression.test(text(value)) ? undefined : `got ${show(value)}, must be ${meaning}`;

export const absolutePath: Validator = (value) =>
  value === "" || isAbsolute(text(value))
    ? undefined
    : `got ${show(value)}, must be an absolute path`;

/** The content itself is not shown: it may be a secret. */
export const base64: Validator = (value) =>
  /^[A-Za-z0-9+/]*={0,2}$/.test(text(value)) && text(value).length % 4 === 0
    ? undefined
    : "is not base64";

export const duration: Validator = (value) =>
  parseDuration(text(value)) === undefined
    ? `got ${show(value)}, must be a duration of at least 0 such as 30s or 1m30s`
    : undefined;

function show(value: Value): string {
  return JSON.stringify(value);
}

const NANOSECONDS: Record<string, number> = {
  ns: 1,
  us: 1e3,
  µs: 1e3,
  ms: 1e6,
  s: 1e9,
  m: 60e9,
  h: 3600e9,
};

/** Nanoseconds of a Go duration such as `1m30s` or `500ms`, or undefined if it is none. */
export function parseDuration(text: string): number | undefined {
  if (text === "0") return 0;
  if (!/^(\d+(\.\d+)?(ns|us|µs|ms|s|m|h))+$/.test(text)) return undefined;
  let total = 0;
  for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)/g)) {
    total += Number(amount) * (NANOSECONDS[unit ?? ""] ?? 0);
  }
  return Math.round(total);
}

/** Go's shortest way to write a duration: `90s` is `1m30s`. */
export function formatDuration(nanoseconds: number): string {
  if (nanoseconds === 0) return "0s";
  if (nanoseconds < 1e3) return `${nanoseconds}ns`;
  if (nanoseconds < 1e6) return `${nanoseconds / 1e3}µs`;
  if (nanoseconds < 1e9) return `${nanoseconds / 1e6}ms`;
  const hours = Math.floor(nanoseconds / 3600e9);
  const minutes = Math.floor((nanoseconds % 3600e9) / 60e9);
  const seconds = (nanoseconds % 60e9) / 1e9;
  if (hours > 0) return `${hours}h${minutes}m${seconds}s`;
  return minutes > 0 ? `${minutes}m${seconds}s` : `${seconds}s`;
}
