import type { Tool } from "../tools.ts";
import { authorTools } from "./author.ts";
import { bookPlanning } from "./book-planning.ts";
import { chapterPlanning } from "./chapter-planning.ts";
import { characterPlanning } from "./character-planning.ts";
import { coreContinuity } from "./core-continuity.ts";
import { databaseAdmin } from "./database-admin.ts";
import type { DomainName } from "./names.ts";
import { reporting } from "./reporting.ts";
import { review } from "./review.ts";
import { sceneTools } from "./scene.ts";
import { seriesPlanning } from "./series-planning.ts";
import { serverStatus } from "./status.ts";

const DOMAINS: Readonly<Record<DomainName, readonly Tool[]>> = {
  "book-planning": bookPlanning,
  "series-planning": seriesPlanning,
  "chapter-planning": chapterPlanning,
  "character-planning": characterPlanning,
  scene: sceneTools,
  "core-continuity": coreContinuity,
  review,
  reporting,
  author: authorTools,
  "database-admin": databaseAdmin,
};

/** The tools of a domain by name; `server_status` is in all of them. */
export function toolsOf(domain: DomainName): ReadonlyMap<string, Tool> {
  return new Map([serverStatus, ...DOMAINS[domain]].map((tool) => [tool.name, tool]));
}
