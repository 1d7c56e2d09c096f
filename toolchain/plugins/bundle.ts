import { cp } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { build } from "esbuild";

/**
 * Bundles each plugin into one file, so that it starts in a fraction of a second: the engine starts
 * several for every command.
 *
 * @param sources folder with one folder per entry, each with a `main.ts`
 * @param target folder that gets `<entry>.cjs`
 */
export async function bundlePlugins(
  sources: string,
  target: string,
  entries: readonly string[],
): Promise<void> {
  await build({
    entryPoints: Object.fromEntries(
      entries.map((entry) => [entry, join(sources, entry, "main.ts")]),
    ),
    outdir: target,
    outExtension: { ".js": ".cjs" },
    bundle: true,
    platform: "node",
    target: "node20",
    format: "cjs",
    minifySyntax: true,
    // Optional native accelerators of the ssh client, which falls back to plain code.
    external: ["cpu-features", "*.node"],
    logLevel: "silent",
  });
  // The Docker client reads BuildKit's protocol from files beside its code.
  const dockerode = createRequire(import.meta.url).resolve("dockerode");
  await cp(join(dirname(dockerode), "proto"), join(target, "proto"), { recursive: true });
}
