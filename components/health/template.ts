import { allEndpointsOf, type Target } from "../platform/transport.ts";

/** Port in the `instance` label of a server's metrics. */
const metricsPort = 9464;

/** What a query may say about its subject. */
const placeholders = ["component", "address", "instance", "release"] as const;
type Placeholder = (typeof placeholders)[number];

/**
 * Fills `{{component}}`, `{{address}}`, `{{instance}}` (`address:9464`, of several copies as alternatives for `=~`) and
 * `{{release}}`, escaped for a quoted PromQL string.
 *
 * @throws Error naming a placeholder that is unknown, or that the subject has no value for.
 */
export function fillQuery(query: string, subject: string, target: Target | undefined): string {
  return query.replaceAll(/\{\{\s*([^}]*?)\s*\}\}/g, (_all, name: string) => {
    if (!isPlaceholder(name)) {
      const known = placeholders.map((word) => `{{${word}}}`).join(", ");
      throw new Error(`{{${name}}} is none of ${known}`);
    }
    const value = valueOf(name, subject, target);
    if (value === undefined) throw new Error(`${subject} has no ${name} to put for {{${name}}}`);
    return JSON.stringify(value).slice(1, -1);
  });
}

function valueOf(
  name: Placeholder,
  subject: string,
  target: Target | undefined,
): string | undefined {
  const address = target && (target.address ?? target.workload);
  switch (name) {
    case "component":
      return subject;
    case "address":
      return address;
    case "instance":
      return (
        target &&
        allEndpointsOf(target)
          .map((endpoint) => `${endpoint}:${metricsPort}`)
          .join("|")
      );
    case "release":
      return target?.release;
  }
}

function isPlaceholder(name: string): name is Placeholder {
  return placeholders.some((known) => known === name);
}
