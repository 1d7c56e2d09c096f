import { readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";

/** Bundles that another run has just made may be about to start; older ones are of sources that are gone. */
const KEPT_MS = 3_600_000;

/**
 * Removes bundles of earlier sources, and what a killed run left half-made.
 *
 * @param cache folder with one folder per set of bundles, named by a hash
 * @param current the one that stays
 */
export async function removeOldBundles(cache: string, current: string): Promise<void> {
  for (const name of await readdir(cache)) {
    const path = join(cache, name);
    if (path === current || !/^(?:[0-9a-f]{16}|\.half-.*)$/.test(name)) continue;
    const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: Infinity }));
    if (Date.now() - mtimeMs > KEPT_MS) await rm(path, { recursive: true, force: true });
  }
}
