import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/**
 * Tag of an image that is built here: a hash of everything that goes into it, so that the same content has the same
 * name on every machine and a changed file is a changed image.
 *
 * @param directory build context.
 * @param base reference of the base image.
 */
export function contentTag(directory: string, base: string): string {
  const hash = createHash("sha256").update(base);
  const files = readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  for (const file of files) {
    const content = readFileSync(file);
    hash.update(`\0${file.slice(directory.length)}\0${content.length}\0`).update(content);
  }
  return hash.digest("hex").slice(0, 16);
}
