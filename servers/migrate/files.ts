import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { DOMAIN_NAMES } from "../domains/names.ts";
import type { Migration } from "./embedded.ts";

const FILE_NAME = /^(\d{4})_([a-z0-9]+(?:_[a-z0-9]+)*)\.sql$/;

/**
 * Reads the SQL files below `folder` (one folder per domain, `-` written as `_`), in order.
 *
 * @throws when a file is misnamed, a number is missing or taken twice, or a folder has no domain.
 */
export async function readMigrations(folder: string): Promise<Record<string, Migration[]>> {
  const known = new Map(DOMAIN_NAMES.map((domain) => [domain.replaceAll("-", "_"), domain]));
  const result: Record<string, Migration[]> = {};
  for (const entry of (await readdir(folder)).sort()) {
    const domain = known.get(entry);
    if (domain === undefined) throw new Error(`migrations/${entry}: no domain has this name`);
    const migrations: Migration[] = [];
    for (const file of (await readdir(join(folder, entry))).sort()) {
      const [, number, name] = FILE_NAME.exec(file) ?? [];
      if (number === undefined || name === undefined) {
        throw new Error(`migrations/${entry}/${file}: name it like 0001_what_it_does.sql`);
      }
      const version = Number(number);
      if (version !== migrations.length + 1) {
        throw new Error(`migrations/${entry}/${file}: expected number ${migrations.length + 1}`);
      }
      const sql = await readFile(join(folder, entry, file), "utf8");
      const checksum = createHash("sha256").update(sql).digest("hex");
      migrations.push({ version, name, file: `${entry}/${file}`, sql, checksum });
    }
    result[domain] = migrations;
  }
  return result;
}
