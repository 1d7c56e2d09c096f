import type {
  FieldDefaults,
  Step,
} from "../../../components/monitoring/dashboards/read-dashboard.ts";

/** Names of Grafana's colours -> what is drawn. */
const named: Readonly<Record<string, string>> = {
  green: "#3f9c61",
  orange: "#d98a1f",
  red: "#d5453f",
  blue: "#5fa8e6",
};

/** One after the other for the series of a chart; all of them can be told from the dark ground. */
export const seriesColours = [
  ...["#5fa8e6", "#f2b14c", "#7fc97f", "#e57a6d", "#b99be6", "#4fc4c0"],
  ...["#e6a2c8", "#c7cf5b", "#a3a8b4", "#d59a63", "#8aa2ff", "#92d9a6"],
] as const;

export function colour(name: string): string {
  return named[name] ?? name;
}

/** Colour of the last step that a value has reached. */
export function stateColour(value: number, steps: readonly Step[]): string {
  const reached = steps.filter((step) => step.value === null || value >= step.value).at(-1);
  return colour(reached?.color ?? "blue");
}

/** The steps beyond the first: those that are drawn as lines. */
export function lines(
  defaults: FieldDefaults,
): { readonly value: number; readonly color: string }[] {
  const steps = defaults.thresholds?.steps ?? [];
  return steps.flatMap(({ value, color }, index) => {
    if (value === null) return [];
    // Where low values are bad, the line belongs to the state below it.
    const below = steps[index - 1]?.color ?? color;
    return [{ value, color: colour(color === "green" ? below : color) }];
  });
}
