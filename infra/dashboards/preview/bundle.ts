import { fileURLToPath } from "node:url";
import { build } from "esbuild";

/** The script of every page, chart library included: nothing is loaded from elsewhere. */
export async function bundleScript(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL("./browser.ts", import.meta.url))],
    bundle: true,
    minify: true,
    write: false,
    format: "iife",
    target: "es2020",
    legalComments: "none",
    logLevel: "silent",
  });
  // Within a page it must not end its own element.
  return outputFiles[0]!.text.replaceAll("</script", "<\\/script");
}
