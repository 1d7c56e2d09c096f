import type { Alert } from "./alerts/define-alert.ts";

export interface InhibitRule {
  readonly source_matchers: readonly string[];
  readonly target_matchers: readonly string[];
  readonly equal?: readonly string[];
}

/**
 * Causes mute effects, and the worse alert of a pair the milder one; both as the alerts themselves name them. Both sides
 * of a comparison by service name one, or all alerts without a service would count as the same.
 */
export function inhibitRules(alerts: readonly Alert[]): readonly InhibitRule[] {
  const known = new Set(alerts.map(({ name }) => name));
  const effects = new Map<string, Set<string>>();
  const add = (cause: string, scope: "service" | "fleet", effect: string) => {
    if (!known.has(cause)) return;
    const key = `${cause} ${scope}`;
    effects.set(key, (effects.get(key) ?? new Set()).add(effect));
  };
  for (const { name, causes, worse } of alerts) {
    for (const { alert, scope } of causes) add(alert, scope, name);
    if (worse !== undefined) add(worse, "service", name);
  }
  const any = 'service=~".+"';
  return [...effects]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, targets]) => {
      const [cause, scope] = key.split(" ");
      const source = `alertname="${cause}"`;
      const target = `alertname=~"${[...targets].sort().join("|")}"`;
      return scope === "service"
        ? { source_matchers: [source, any], target_matchers: [target, any], equal: ["service"] }
        : { source_matchers: [source], target_matchers: [target] };
    });
}
