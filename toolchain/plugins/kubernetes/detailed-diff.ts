import type { DetailedDiff } from "../bridge/detailed-diff.ts";
import { isObject, UNKNOWN, type Properties, type Value } from "../bridge/values.ts";

type Change = "ADD" | "DELETE" | "UPDATE";
type Path = readonly (string | number)[];

/** Every member in which new inputs differ from the live object, by property path. */
export interface Differences {
  readonly detailed: DetailedDiff;
  /** Paths of members that are no longer declared. */
  readonly removed: readonly string[];
}

/**
 * Compares member by member; lists element by element, in order.
 *
 * @param immutable paths whose change replaces the object
 */
export function differences(
  live: Properties,
  inputs: Properties,
  immutable: readonly (readonly string[])[],
): Differences {
  const detailed: DetailedDiff = {};
  const removed: string[] = [];
  const note = (path: Path, change: Change, value: Value | undefined) => {
    const text = pathText(path);
    const replaces = immutable.some((steps) => touches(path, value, steps));
    detailed[text] = replaces ? `${change}_REPLACE` : change;
    if (change === "DELETE") removed.push(text);
  };

  const compare = (path: Path, old: Value | undefined, next: Value | undefined): void => {
    if (next === UNKNOWN) note(path, old === undefined ? "ADD" : "UPDATE", undefined);
    else if (next === undefined || next === null) {
      // A null that was already there is no difference, and neither is what neither side has.
      if (old !== next) note(path, "DELETE", undefined);
    } else if (old === undefined) note(path, "ADD", next);
    else if (Array.isArray(old) && Array.isArray(next)) {
      for (let i = 0; i < Math.max(old.length, next.length); i++) {
        compare([...path, i], old[i], next[i]);
      }
    } else if (isObject(old) && isObject(next)) {
      for (const name of new Set([...Object.keys(old), ...Object.keys(next)])) {
        compare([...path, name], old[name], next[name]);
      }
    } else if (old !== next) note(path, "UPDATE", next);
  };

  compare([], live, inputs);
  return { detailed, removed };
}

/** Whether a change of `value` at `path` changes what lies at `steps`: the same, around it or inside of it. */
function touches(path: Path, value: Value | undefined, steps: readonly string[]): boolean {
  const shared = Math.min(path.length, steps.length);
  for (let i = 0; i < shared; i++) if (path[i] !== steps[i]) return false;
  let inner: Value | undefined = value;
  for (const step of steps.slice(shared)) {
    if (!isObject(inner)) return false;
    inner = inner[step];
    if (inner === undefined) return false;
  }
  return true;
}

function pathText(path: Path): string {
  return path.reduce<string>((text, step) => {
    if (typeof step === "number") return `${text}[${step}]`;
    if (/[."[\]]/.test(step)) return `${text}["${step.replaceAll('"', '\\"')}"]`;
    return text === "" ? step : `${text}.${step}`;
  }, "");
}
