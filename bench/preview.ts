import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs, promisify } from "node:util";
import { inspectPage } from "../infra/dashboards/preview/inspect-page.ts";
import { fleet } from "./stack.ts";

/**
 * Opens every page of `./fleet dashboards` in a headless Chromium, keeps a picture of each, and names the panels in
 * which nothing is drawn. Exit code 1 if there is one.
 */
const { values } = parseArgs({
  options: {
    stack: { type: "string", default: "staging" },
    range: { type: "string", default: "15m" },
    out: { type: "string", default: ".build/dashboards" },
  },
});
const run = promisify(execFile);

/** Names under which distributions install it. */
const names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
const browser = (process.env["PATH"] ?? "")
  .split(":")
  .flatMap((directory) => names.map((name) => join(directory, name)))
  .find((path) => existsSync(path));
if (!browser) {
  console.error("no Chromium on PATH; on Debian, as root: apt-get install chromium");
  process.exit(2);
}

const profile = mkdtempSync(join(tmpdir(), "mcp-fleet-preview-"));
/** Charts are drawn while the page loads; virtual time passes without waiting. */
const flags = [
  ...["--headless", "--disable-gpu", "--hide-scrollbars", "--virtual-time-budget=5000"],
  `--user-data-dir=${profile}`,
  // Root has no sandbox of its own.
  ...(process.getuid?.() === 0 ? ["--no-sandbox"] : []),
];

/** @returns the document after its script has run. */
async function open(file: string, height: number, picture: string): Promise<string> {
  const window = `--window-size=1600,${height}`;
  const limits = { maxBuffer: 64 * 1024 * 1024, timeout: 120_000 };
  await run(browser!, [...flags, window, `--screenshot=${picture}`, `file://${file}`], limits);
  return (await run(browser!, [...flags, window, "--dump-dom", `file://${file}`], limits)).stdout;
}

try {
  const { stdout } = await fleet(
    "dashboards",
    ...["--stack", values.stack, "--range", values.range, "--out", values.out, "--json"],
  );
  const { out, files } = JSON.parse(stdout) as { out: string; files: string[] };
  const results = [];
  for (const file of files) {
    const picture = join(out, file.replace(/\.html$/, ".png"));
    const page = inspectPage(await open(join(out, file), 2400, picture));
    results.push({ file, picture, ...page });
    const found = page.problems.length === 0 ? "" : `: ${page.problems.join(", ")}`;
    console.log(`${file}: ${page.panels} panels, ${page.explained} explained${found}`);
  }
  const problems = results.flatMap((result) => result.problems);
  console.log(JSON.stringify({ pages: results.length, problems: problems.length, pictures: out }));
  process.exitCode = problems.length > 0 ? 1 : 0;
} finally {
  rmSync(profile, { recursive: true, force: true });
}
