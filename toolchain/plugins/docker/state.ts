import { isObject, type Properties, type Value } from "../bridge/values.ts";

/** Reading typed members out of a state; a member of another type reads as its zero. */
export const text = (value: Value | undefined): string => (typeof value === "string" ? value : "");
export const number = (value: Value | undefined): number => (typeof value === "number" ? value : 0);
export const flag = (value: Value | undefined): boolean => value === true;

export const texts = (value: Value | undefined): string[] =>
  Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];

export const objects = (value: Value | undefined): Properties[] =>
  Array.isArray(value) ? value.filter(isObject) : [];

export const textMap = (value: Value | undefined): Record<string, string> =>
  isObject(value)
    ? Object.fromEntries(Object.entries(value).map(([key, item]) => [key, text(item)]))
    : {};

/** An object with the members that are not undefined. */
export function compact<T extends object>(value: T): T {
  return Object.fromEntries(
    Object.entries(value).filter(([, member]) => member !== undefined),
  ) as T;
}
