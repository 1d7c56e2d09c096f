import { fleetFileSchema, type FleetFile } from "./fleet.schema.ts";
import type { Finding, Path } from "./problems.ts";
import { valueAt } from "./schema-walk.ts";

/**
 * A fleet in which everything that breaks the schema is replaced, so that the rules across fields can still judge the
 * rest and the user sees all problems at once. A server without a usable name has the name "", one without a usable
 * port has NaN; rules leave those two alone.
 */
export function draftOf(data: unknown, findings: readonly Finding[]): FleetFile | undefined {
  if (typeof data !== "object" || data === null || Array.isArray(data)) {
    return undefined;
  }
  const copy = structuredClone(data) as Record<string, unknown>;
  // Last entries of lists first, so that the indexes of the others stay true.
  for (const { at } of [...findings].reverse()) {
    remove(copy, at);
  }
  if (!Array.isArray(copy["servers"]) || copy["servers"].length === 0) {
    copy["servers"] = [{}];
  }
  copy["name"] ??= "fleet";
  const nameless = new Set<number>();
  const portless = new Set<number>();
  (copy["servers"] as Record<string, unknown>[]).forEach((server, index) => {
    if (server["name"] === undefined) {
      nameless.add(index);
      server["name"] = `unnamed-${index}`;
    }
    if (server["port"] === undefined) {
      portless.add(index);
      server["port"] = 65_535;
    }
  });
  const parsed = fleetFileSchema.safeParse(copy);
  return parsed.success
    ? {
        ...parsed.data,
        servers: parsed.data.servers.map((server, index) => ({
          ...server,
          name: nameless.has(index) ? "" : server.name,
          port: portless.has(index) ? NaN : server.port,
        })),
      }
    : undefined;
}

function remove(root: Record<string, unknown>, at: Path): void {
  const holder = valueAt(root, at.slice(0, -1));
  const key = at.at(-1);
  if (Array.isArray(holder) && typeof key === "number") {
    // A server keeps its place in the list; an entry of another list can go.
    if (at.length === 2 && at[0] === "servers") {
      holder[key] = {};
    } else {
      holder.splice(key, 1);
    }
  } else if (typeof holder === "object" && holder !== null && key !== undefined) {
    Reflect.deleteProperty(holder, key);
  }
}
