import { execFile } from "node:child_process";
import { access, mkdir, mkdtemp, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { rootDir } from "../../../infra/root-dir.ts";

const run = promisify(execFile);
const module = join(import.meta.dirname, "go-tools");

const tools = {
  promtool: {
    module: "github.com/prometheus/prometheus",
    // All kinds of discovery but those that the fleet uses would be most of the build.
    tags: "remove_all_sd,enable_kubernetes_sd",
  },
  amtool: { module: "github.com/prometheus/alertmanager", tags: "" },
} as const;
export type Tool = keyof typeof tools;

/** Path of a tool in the release that `go-tools/go.mod` pins; built once for each, which takes minutes. */
export async function builtTool(tool: Tool): Promise<string> {
  const { module: path, tags } = tools[tool];
  const pinned = await readFile(join(module, "go.mod"), "utf8");
  const version = new RegExp(`^\\s*${path} (v\\S+)`, "m").exec(pinned)?.[1];
  if (version === undefined) throw new Error(`${module}/go.mod does not require ${path}`);
  const cache = join(rootDir, ".toolchain", "prometheus-tools");
  const binary = join(cache, `${tool}-${version}`);
  if (
    await access(binary).then(
      () => true,
      () => false,
    )
  )
    return binary;
  await mkdir(cache, { recursive: true });
  // A build that is cut off leaves nothing under the name that counts.
  const partial = await mkdtemp(join(cache, "partial-"));
  const args = ["build", "-trimpath", `-tags=${tags}`, "-o", partial, `${path}/cmd/${tool}`];
  await run("go", args, { cwd: module });
  await rename(join(partial, tool), binary);
  await rm(partial, { recursive: true });
  return binary;
}

export interface Judged {
  readonly code: number;
  readonly output: string;
}

/** Runs a built tool in a directory. */
export async function judge(tool: Tool, directory: string, ...args: string[]): Promise<Judged> {
  return run(await builtTool(tool), args, { cwd: directory, maxBuffer: 1 << 26 }).then(
    ({ stdout, stderr }) => ({ code: 0, output: stdout + stderr }),
    (error: Error & { code?: number; stdout?: string; stderr?: string }) => ({
      code: error.code ?? 1,
      output: (error.stdout ?? error.message) + (error.stderr ?? ""),
    }),
  );
}
