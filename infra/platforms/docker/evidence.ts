import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import Docker from "dockerode";
import type { LastWords } from "../../release/run-transaction.ts";
import { lastLines, logLines } from "../evidence-lines.ts";
import type { EvidenceChoice } from "../site.ts";

/**
 * Log and description of every container that a transaction made, or that failed a gate; one file each.
 *
 * @returns the last lines of those that `failed`.
 */
export async function collectContainers(
  folder: string,
  stack: string,
  { wanted, failed }: EvidenceChoice,
): Promise<LastWords[]> {
  const docker = new Docker();
  const containers = await docker.listContainers({
    all: true,
    filters: { label: [`mcp-fleet/stack=${stack}`] },
  });
  const kept = await Promise.all(
    containers
      .filter(({ Labels }) => wanted(Labels))
      .map(async ({ Id, Names, Labels }) => {
        const container = docker.getContainer(Id);
        const name = Names[0]?.slice(1) ?? Id;
        const [inspected, log] = await Promise.all([container.inspect(), logOf(container)]);
        await writeFile(join(folder, `${name}.json`), JSON.stringify(inspected, undefined, 2));
        if (log !== "") await writeFile(join(folder, `${name}.log`), log);
        return { labels: Labels, object: name, lines: lastLines(log) };
      }),
  );
  return kept
    .filter(({ labels, lines }) => failed(labels) && lines.length > 0)
    .map(({ object, lines }) => ({ object, lines }));
}

async function logOf(container: Docker.Container): Promise<string> {
  const raw = await container
    .logs({ stdout: true, stderr: true, tail: logLines, timestamps: true })
    .catch(() => Buffer.alloc(0));
  return demultiplexed(raw);
}

/** The engine puts a header of 8 bytes before every chunk: stream, three zeros, length. */
function demultiplexed(raw: Buffer): string {
  const chunks: Buffer[] = [];
  for (let at = 0; at + 8 <= raw.length;) {
    const length = raw.readUInt32BE(at + 4);
    chunks.push(raw.subarray(at + 8, at + 8 + length));
    at += 8 + length;
  }
  return Buffer.concat(chunks).toString("utf8");
}
