import { cp } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { build, type Plugin } from "esbuild";

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
    plugins: [kubeConfigAlone],
    logLevel: "silent",
  });
  // The Docker client reads BuildKit's protocol from files beside its code.
  const dockerode = createRequire(import.meta.url).resolve("dockerode");
  await cp(join(dirname(dockerode), "proto"), join(target, "proto"), { recursive: true });
}

/**
 * The kubeconfig reader of the Kubernetes client needs two of its generated modules, and imports all: some 700 for all
 * objects of the API, which would be most of the bundle and of the time to load it.
 */
const kubeConfigAlone: Plugin = {
  name: "kube-config-alone",
  setup(bundle) {
    const namespace = "kube-config-alone";
    bundle.onResolve({ filter: /^\.\/gen\/index\.js$/ }, ({ importer, resolveDir }) =>
      importer.endsWith(join("client-node", "dist", "config.js"))
        ? { path: join(resolveDir, "gen"), namespace }
        : undefined,
    );
    bundle.onLoad({ filter: /./, namespace }, ({ path }) => ({
      contents: `export * from "./configuration.js"; export * from "./servers.js";`,
      resolveDir: path,
    }));
  },
};
