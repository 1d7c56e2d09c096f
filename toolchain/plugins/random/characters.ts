import { randomInt } from "node:crypto";
import type { Properties } from "../bridge/values.ts";
import type { RandomInput } from "./random-type.ts";

const LOWER = "abcdefghijklmnopqrstuvwxyz";
const UPPER = LOWER.toUpperCase();
const DIGITS = "0123456789";
/** Special characters where `overrideSpecial` gives none; the official plugin's set. */
const SPECIAL = "!@#$%&*()-_=+[]{}<>:?";

/** Inputs that passwords and strings share. */
export const characterInputs: Readonly<Record<string, RandomInput>> = {
  keepers: { kind: "map" },
  length: { kind: "int", required: true, minimum: 1 },
  lower: { kind: "bool" },
  minLower: { kind: "int", minimum: 0 },
  minNumeric: { kind: "int", minimum: 0 },
  minSpecial: { kind: "int", minimum: 0 },
  minUpper: { kind: "int", minimum: 0 },
  number: { kind: "bool" },
  numeric: { kind: "bool" },
  overrideSpecial: { kind: "string" },
  special: { kind: "bool" },
  upper: { kind: "bool" },
};

/** The inputs with every default; `number` is the old name of `numeric`. */
export function settleCharacters(inputs: Properties): Properties {
  const numeric = inputs.numeric ?? inputs.number ?? true;
  return {
    ...inputs,
    lower: inputs.lower ?? true,
    minLower: inputs.minLower ?? 0,
    minNumeric: inputs.minNumeric ?? 0,
    minSpecial: inputs.minSpecial ?? 0,
    minUpper: inputs.minUpper ?? 0,
    number: numeric,
    numeric,
    special: inputs.special ?? true,
    upper: inputs.upper ?? true,
  };
}

/** Why no value of these settings can be made; by property. */
export function characterProblems(settled: Properties): Record<string, string> {
  const required = classes(settled).reduce((sum, { minimum }) => sum + minimum, 0);
  const problems: Record<string, string> = {};
  if (typeof settled.length === "number" && required > settled.length) {
    problems.length =
      `got ${settled.length}, must be at least ${required}: the sum of minLower, minUpper, ` +
      "minNumeric and minSpecial";
  }
  if (alphabet(settled) === "") {
    problems.length =
      "lower, upper, numeric and special are all false: no characters to choose from";
  }
  return problems;
}

/** Random characters: the minimum of each class, the rest from all of them, shuffled. */
export function randomCharacters(settled: Properties): string {
  const chosen: string[] = [];
  for (const { characters, minimum } of classes(settled)) {
    for (let i = 0; i < minimum; i++) chosen.push(pick(characters));
  }
  const all = alphabet(settled);
  while (chosen.length < Number(settled.length)) chosen.push(pick(all));
  for (let i = chosen.length - 1; i > 0; i--) {
    const j = randomInt(i + 1);
    [chosen[i], chosen[j]] = [chosen[j] ?? "", chosen[i] ?? ""];
  }
  return chosen.join("");
}

function alphabet(settled: Properties): string {
  return classes(settled)
    .filter(({ enabled }) => enabled)
    .map(({ characters }) => characters)
    .join("");
}

function classes(settled: Properties) {
  const override = settled.overrideSpecial;
  const special = typeof override === "string" && override !== "" ? override : SPECIAL;
  return [
    { characters: special, enabled: settled.special === true, minimum: Number(settled.minSpecial) },
    { characters: LOWER, enabled: settled.lower === true, minimum: Number(settled.minLower) },
    { characters: UPPER, enabled: settled.upper === true, minimum: Number(settled.minUpper) },
    { characters: DIGITS, enabled: settled.numeric === true, minimum: Number(settled.minNumeric) },
  ];
}

function pick(characters: string): string {
  return characters.charAt(randomInt(characters.length));
}
