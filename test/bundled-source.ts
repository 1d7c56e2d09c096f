import { buildSync } from "esbuild";
import { rootDir } from "../infra/root-dir.ts";

/**
 * A program of this project as one text for `node --input-type=module --eval`, to be run in the project's folder. A child
 * that has to load `tsx` first takes ten times as long to start.
 */
export function bundledSource(entry: string): string {
  const { outputFiles } = buildSync({
    absWorkingDir: rootDir,
    entryPoints: [entry],
    bundle: true,
    platform: "node",
    format: "esm",
    packages: "external",
    write: false,
  });
  return outputFiles[0]!.text;
}
