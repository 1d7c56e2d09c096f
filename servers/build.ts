import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import type { BuildOptions, Plugin } from "esbuild";
import { readMigrations } from "./migrate/files.ts";

/** Folder of this file, which is also the root of every path inside the bundles. */
const ROOT = fileURLToPath(new URL(".", import.meta.url));

/** CommonJS packages inside an ES module still call `require` for Node's own modules. */
const REQUIRE_BANNER = `import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);`;

/**
 * Bundles the reference server for the image: `server.mjs` and `migrate.mjs` (SQL files inside), each a single ES
 * module that needs Node 20 and nothing else.
 *
 * Run `server.mjs` with `--max-old-space-size=96 --max-semi-space-size=4` (MiB; also by NODE_OPTIONS):
 * V8's own young generation of 16 MiB costs 26 MiB per process and saves less than 5 % of the processor time; one of
 * 2 MiB saves 5 MiB and costs 8 %. Measured: 90-96 MiB resident after thousands of calls.
 *
 * The bytes depend on the sources and the installed packages alone, not on where they lie.
 */
export async function bundleServer(outDir: string): Promise<void> {
  await Promise.all([
    bundle({ entryPoints: [join(ROOT, "main.ts")], outfile: join(outDir, "server.mjs") }),
    bundle({
      entryPoints: [join(ROOT, "migrate.ts")],
      outfile: join(outDir, "migrate.mjs"),
      plugins: [embedMigrations()],
    }),
  ]);
}

async function bundle(options: BuildOptions): Promise<void> {
  await build({
    absWorkingDir: ROOT,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20",
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: "none",
    banner: { js: REQUIRE_BANNER },
    // Optional native driver of pg, looked up only when asked for.
    external: ["pg-native"],
    logLevel: "error",
    ...options,
  });
}

/** Replaces the module that reads the SQL files by one that has them inside. */
function embedMigrations(): Plugin {
  return {
    name: "embed-migrations",
    setup(esbuild) {
      esbuild.onLoad({ filter: /[\\/]migrate[\\/]known\.ts$/ }, async () => {
        const migrations = await readMigrations(join(ROOT, "migrations"));
        return {
          contents: `export const knownMigrations = async () => (${JSON.stringify(migrations)});`,
          loader: "js",
        };
      });
    },
  };
}
