import { createReadStream } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { ask } from "../exec.ts";
import { toolProblem } from "../report.ts";
import { type Api, openApi } from "./api.ts";
import { makeCgroups } from "./cgroups.ts";
import { components } from "./components.ts";
import { writeFiles, writeNote } from "./files.ts";
import { importArchive } from "./images.ts";
import { CONTAINERD_SOCKET, type Layout } from "./layout.ts";
import { systemObjects } from "./manifests.ts";
import { nodeCommand, startNode } from "./node.ts";
import type { ProcessIdentity } from "./proc.ts";
import { isRunning, startProblem, startProcess } from "./processes.ts";
import { apiIsReady, clusterIsReady, waitFor } from "./ready.ts";

const API_MS = 90_000;
const READY_MS = 120_000;
const CONTAINERD_MS = 30_000;
const PROBE_MS = 5_000;

/**
 * Starts every part of a cluster in a directory that has none, and waits until it is ready. What needs the API server
 * waits for it here, once: left to themselves the parts would ask again in growing steps.
 *
 * @param bin directory of the built programs
 */
export async function boot(layout: Layout, bin: string): Promise<void> {
  const { dir } = layout;
  await writeFiles(layout);
  await makeCgroups(layout.cgroup);
  const node = await startNode(layout, bin);
  const parts = components(layout);
  for (const part of parts) if (!part.needsApi) await startProcess(dir, node, part);
  const images = importSystemImages(dir, node, bin);
  // Awaited later; a failure of the API server must not leave it unhandled.
  images.catch(() => undefined);
  const api = await openApi(layout);
  try {
    await waitFor(dir, [apiIsReady(api)], ["etcd", "kube-apiserver"], API_MS);
    // First of all their rights: who is refused waits before asking again.
    await createObjects(layout, api);
    for (const part of parts) if (part.needsApi) await startProcess(dir, node, part);
    await images;
    const names = parts.map(({ name }) => name);
    await waitFor(dir, clusterIsReady(layout, api), names, READY_MS);
    await writeNote(layout);
  } finally {
    api.close();
  }
}

async function importSystemImages(dir: string, node: ProcessIdentity, bin: string): Promise<void> {
  const ctr = ["ctr", "--address", CONTAINERD_SOCKET, "plugins", "list", "--quiet"];
  const { command, args, env } = nodeCommand(node, ctr);
  const until = Date.now() + CONTAINERD_MS;
  while ((await ask(command, args, { timeoutMs: PROBE_MS, env })) === undefined) {
    if (!(await isRunning(dir, "containerd"))) throw await startProblem(dir, "containerd");
    if (Date.now() > until) {
      throw toolProblem("kubernetes containerd", "it does not answer", `read ${dir}/logs`);
    }
    await sleep(100);
  }
  await importArchive(node, createReadStream(join(bin, "images.tar")));
}

async function createObjects(layout: Layout, api: Api): Promise<void> {
  const ca = await readFile(join(layout.dir, "pki/ca.crt"), "utf8");
  // In order: a namespace comes before what is in it.
  for (const object of systemObjects(layout, ca)) await api.create(object);
}
