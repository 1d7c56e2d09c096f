/** The tool sets, in the order of their usual ports 3001-3010. */
export const DOMAIN_NAMES = [
  "book-planning",
  "series-planning",
  "chapter-planning",
  "character-planning",
  "scene",
  "core-continuity",
  "review",
  "reporting",
  "author",
  "database-admin",
] as const;

export type DomainName = (typeof DOMAIN_NAMES)[number];
