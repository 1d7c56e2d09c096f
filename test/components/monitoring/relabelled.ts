/** A step of relabelling, as Prometheus reads it. */
export interface Step {
  readonly source_labels?: readonly string[];
  readonly regex?: string | number;
  readonly action?: string;
  readonly target_label?: string;
  readonly replacement?: string;
}

/** Labels of a target or a series as Prometheus makes them, of what our rules use of its language; undefined if it is dropped. */
export function relabelled(
  steps: readonly Step[],
  found: Readonly<Record<string, string>>,
): Record<string, string> | undefined {
  const labels: Record<string, string> = { ...found };
  for (const step of steps) {
    const { source_labels = [], action = "replace", target_label = "" } = step;
    const { regex = "(.*)", replacement = "$1" } = step;
    const whole = new RegExp(`^(?:${regex})$`);
    if (action === "labeldrop") {
      for (const label of Object.keys(labels)) {
        if (whole.test(label)) Reflect.deleteProperty(labels, label);
      }
      continue;
    }
    const matched = whole.exec(source_labels.map((label) => labels[label] ?? "").join(";"));
    if (action === "drop" || action === "keep") {
      if ((action === "drop") === (matched !== null)) return undefined;
      continue;
    }
    if (action !== "replace") throw new Error(`${action} is not known here`);
    if (!matched) continue;
    labels[target_label] = replacement.replaceAll(
      /\$(?:\{(\d+)\}|(\d+))/g,
      (_all, braced?: string, plain?: string) => matched[Number(braced ?? plain)] ?? "",
    );
  }
  return Object.fromEntries(
    Object.entries(labels).filter(
      ([label, value]) => !/^__(meta|tmp)_/.test(label) && value !== "",
    ),
  );
}
