import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** Folders whose code decides what is deployed. The command line and the tests are not part of a release. */
const folders = ["components", "infra"];
const notDeployed = /^infra\/(cli|health|release)\//;

/** SHA-256 of the program's own sources: another program is another release, whatever its configuration says. */
export function programHash(rootDir: string): string {
  const files = folders
    .flatMap((folder) =>
      readdirSync(join(rootDir, folder), { recursive: true, encoding: "utf8" }).map((path) =>
        `${folder}/${path}`.replaceAll("\\", "/"),
      ),
    )
    .filter((path) => path.endsWith(".ts") && !notDeployed.test(path))
    .sort();
  const hash = createHash("sha256");
  for (const path of files) {
    hash
      .update(`${path}\0`)
      .update(readFileSync(join(rootDir, path)))
      .update("\0");
  }
  return hash.digest("hex");
}
