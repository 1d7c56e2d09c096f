import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import Docker from "dockerode";

/** Lines of each container's log that are kept. */
const logLines = 500;

/** Log and description of every container that a transaction made, or that failed a gate; one file each. */
export async function collectContainers(
  folder: string,
  stack: string,
  wanted: (labels: Readonly<Record<string, string>>) => boolean,
): Promise<void> {
  const docker = new Docker();
  const containers = await docker.listContainers({
    all: true,
    filters: { label: [`mcp-fleet/stack=${stack}`] },
  });
  await Promise.all(
    containers
      .filter(({ Labels }) => wanted(Labels))
      .map(async ({ Id, Names }) => {
        const container = docker.getContainer(Id);
        const name = Names[0]?.slice(1) ?? Id;
        const [inspected, log] = await Promise.all([container.inspect(), logOf(container)]);
        await writeFile(join(folder, `${name}.json`), JSON.stringify(inspected, undefined, 2));
        if (log !== "") await writeFile(join(folder, `${name}.log`), log);
      }),
  );
}

/** The last lines that a container wrote; empty for one that never started. */
export async function lastLines(id: string, lines: number): Promise<string> {
  return logOf(new Docker().getContainer(id), lines);
}

async function logOf(container: Docker.Container, tail = logLines): Promise<string> {
  const raw = await container
    .logs({ stdout: true, stderr: true, tail, timestamps: true })
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
