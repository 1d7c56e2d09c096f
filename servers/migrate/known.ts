import { fileURLToPath } from "node:url";
import type { Migration } from "./embedded.ts";
import { readMigrations } from "./files.ts";

/** Migrations by domain. Read from the source tree here; the bundle has them inside. */
export function knownMigrations(): Promise<Readonly<Record<string, readonly Migration[]>>> {
  return readMigrations(fileURLToPath(new URL("../migrations", import.meta.url)));
}
