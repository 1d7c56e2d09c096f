import type { Tool } from "../tools.ts";
import { bookPlanning } from "./book-planning.ts";
import type { DomainName } from "./names.ts";
import { serverStatus } from "./status.ts";

const DOMAINS: Readonly<Partial<Record<DomainName, readonly Tool[]>>> = {
  "book-planning": bookPlanning,
};

/** The tools of a domain by name; `server_status` is in all of them. */
export function toolsOf(domain: DomainName): ReadonlyMap<string, Tool> {
  return new Map([serverStatus, ...(DOMAINS[domain] ?? [])].map((tool) => [tool.name, tool]));
}
