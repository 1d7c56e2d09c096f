import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { directoryOfBackend } from "../release/state-backend.ts";

/** Folders of the backend; beside them the same directory may hold plugins and logs, which are many files. */
const kept = ["stacks", "history", "backups", "locks"];

/**
 * Removes what a killed run left half-written beside the files of a `file://` state backend.
 *
 * The state itself is moved into place whole, but its side file `.attrs` is written in place: a run that is killed in
 * that moment leaves it empty, and from then on every command on the stack ends with `EOF`. Without the side file the
 * backend reads the state as it is.
 *
 * @param backend URL of the backend; other schemes are left alone.
 * @returns paths of the removed files.
 */
export function removeTornMetadata(backend: string): string[] {
  const directory = directoryOfBackend(backend);
  const root = directory && join(directory, ".pulumi");
  if (!root || !existsSync(root)) return [];
  const torn = kept
    .map((folder) => join(root, folder))
    .filter((folder) => existsSync(folder))
    .flatMap((folder) =>
      readdirSync(folder, { recursive: true, encoding: "utf8" }).map((path) => join(folder, path)),
    )
    .filter((path) => path.endsWith(".attrs") && !isJson(path));
  for (const path of torn) rmSync(path, { force: true });
  return torn;
}

function isJson(path: string): boolean {
  try {
    JSON.parse(readFileSync(path, "utf8"));
    return true;
  } catch (error) {
    // Gone in the meantime: another run replaced it.
    return (error as NodeJS.ErrnoException).code === "ENOENT";
  }
}
