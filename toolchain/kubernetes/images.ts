import { spawn } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { exec, execStream, lastLines } from "../exec.ts";
import { toolProblem } from "../report.ts";
import { CONTAINERD_SOCKET } from "./layout.ts";
import { nodeCommand } from "./node.ts";
import type { ProcessIdentity } from "./proc.ts";

const TOOL = "kubernetes images";
const INSPECT_MS = 30_000;
const SAVE_MS = 600_000;

/** Imports an archive of images into the node's containerd, where the kubelet finds them. */
export async function importArchive(
  node: ProcessIdentity,
  archive: NodeJS.ReadableStream,
): Promise<void> {
  const ctr = ["ctr", "--address", CONTAINERD_SOCKET, "--namespace", "k8s.io"];
  const { command, args, env } = nodeCommand(node, [...ctr, "images", "import", "-"]);
  const child = spawn(command, args, { env, cwd: "/", stdio: ["pipe", "pipe", "pipe"] });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (chunk: string) => (said += chunk));
  }
  const ended = new Promise<number | null>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", resolve);
  });
  // A reader that ends early says itself why.
  const fed = pipeline(archive, child.stdin).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE" && error.code !== "ERR_STREAM_PREMATURE_CLOSE") throw error;
  });
  const code = await ended;
  if (code !== 0) throw new Error(`import: exit ${String(code)}\n${lastLines(said)}`);
  await fed;
}

type Loaded = Readonly<Record<string, string>>;

async function loadedBefore(file: string): Promise<Loaded> {
  const text = await readFile(file, "utf8").catch(() => "{}");
  return JSON.parse(text) as Loaded;
}

/** What each reference means on the local engine. */
async function imageIds(references: readonly string[]): Promise<Loaded> {
  try {
    const { stdout } = await exec(
      "docker",
      ["image", "inspect", "--format", "{{.Id}}", ...references],
      { timeoutMs: INSPECT_MS },
    );
    const ids = stdout.trim().split("\n");
    return Object.fromEntries(references.map((reference, index) => [reference, ids[index] ?? ""]));
  } catch (error) {
    throw toolProblem(
      TOOL,
      (error as Error).message,
      "build or pull the images with the local Docker first",
    );
  }
}

/**
 * Brings images of the local Docker engine to the node; those that are there already are left out. Returns the
 * references that were copied. Digests are not kept: pods have to name a tag, and to pull never or if not present.
 *
 * @throws ToolchainError when the local engine has not got one of them
 */
export async function copyImages(
  dir: string,
  node: ProcessIdentity,
  references: readonly string[],
): Promise<readonly string[]> {
  if (references.length === 0) return [];
  const file = join(dir, "images.json");
  const [ids, known] = await Promise.all([imageIds(references), loadedBefore(file)]);
  const wanted = references.filter((reference) => known[reference] !== ids[reference]);
  if (wanted.length === 0) return [];
  // One stream for all: layers that several images share are sent once.
  const { stdout, done } = execStream("docker", ["save", ...wanted], { timeoutMs: SAVE_MS });
  try {
    await Promise.all([importArchive(node, stdout), done]);
  } catch (error) {
    throw toolProblem(TOOL, (error as Error).message, "free some disk space, then load them again");
  }
  await writeFile(file, JSON.stringify({ ...known, ...ids }));
  return wanted;
}
