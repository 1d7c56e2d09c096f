import { Document, isScalar } from "yaml";
import type { LoadedConfig } from "./load.ts";
import type { Path } from "./problems.ts";
import { pathFormatter } from "./schema-walk.ts";

/**
 * The whole fleet as YAML that is itself a fleet file: nothing is left to defaults. Values that neither the fleet
 * file nor a default decided carry their origin as a comment.
 */
export function showFleet({ fleet, origins }: LoadedConfig): string {
  const doc = new Document(fleet, { aliasDuplicateObjects: false });
  const format = pathFormatter(fleet);
  for (const path of leavesOf(fleet)) {
    const origin = originOf(format(path), origins);
    const node = doc.getIn(path, true);
    if (origin !== undefined && origin !== "fleet file" && isScalar(node)) {
      node.comment = ` ${origin}`;
    }
  }
  return doc.toString({ lineWidth: 0 });
}

/** Origin of a resolved value: its own, that of what it is part of, or that of the default for all servers. */
function originOf(path: string, origins: ReadonlyMap<string, string>): string | undefined {
  for (const start of [path, path.replace(/^servers\.[^.]+/, "serverDefaults")]) {
    for (let at = start; at !== ""; at = at.replace(/(\.|^|\[)[^.[]*$/, "")) {
      const origin = origins.get(at);
      if (origin !== undefined) {
        return origin;
      }
    }
  }
  return undefined;
}

function leavesOf(value: unknown, path: Path = []): readonly Path[] {
  if (typeof value !== "object" || value === null) {
    return [path];
  }
  return Object.entries(value).flatMap(([key, inner]) =>
    leavesOf(inner, [...path, Array.isArray(value) ? Number(key) : key]),
  );
}
