import { PassThrough, type Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import Docker from "dockerode";
import type { NetworkRole } from "../../../components/platform/platform.ts";

export const docker = new Docker();

export type Container = Docker.ContainerInspectInfo;

/** Every object on the engine that carries the stack's label. */
export async function objectsOf(stack: string) {
  const filters = { label: [`mcp-fleet/stack=${stack}`] };
  const [containers, networks, volumes] = await Promise.all([
    docker.listContainers({ all: true, filters }),
    docker.listNetworks({ filters }),
    docker.listVolumes({ filters }),
  ]);
  return {
    containers: containers.map(({ Id }) => Id),
    networks: networks.map(({ Id }) => Id),
    volumes: volumes.Volumes.map(({ Name }) => Name).sort(),
  };
}

/** Long-running containers of a stack by component; writers of files and finished jobs are left out. */
export async function workloads(stack: string): Promise<Map<string, Container>> {
  const { containers } = await objectsOf(stack);
  const inspected = await Promise.all(containers.map((id) => docker.getContainer(id).inspect()));
  return new Map(
    inspected
      .filter(
        ({ HostConfig }) =>
          HostConfig.RestartPolicy?.Name !== "no" && HostConfig.RestartPolicy?.Name !== "",
      )
      .map((info): [string, Container] => [info.Config.Labels["mcp-fleet/component"]!, info])
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}

/** What tells one run of a container from the next: component -> id and moment of the start. */
export async function incarnations(stack: string): Promise<Record<string, string>> {
  return Object.fromEntries(
    [...(await workloads(stack))].map(([component, { Id, State }]) => [
      component,
      `${Id.slice(0, 12)} since ${State.StartedAt}`,
    ]),
  );
}

/** Components whose container is another one, or was started again; new and vanished ones too. */
export function changed(
  before: Readonly<Record<string, string>>,
  after: Readonly<Record<string, string>>,
): string[] {
  const components = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...components].filter((component) => before[component] !== after[component]).sort();
}

/** Address of a container on the network of that role. */
export function addressOn({ Name, NetworkSettings }: Container, role: NetworkRole): string {
  const networks = Object.entries(NetworkSettings.Networks);
  const address = networks.find(([name]) => name.split("-").at(-2) === role)?.[1].IPAddress;
  if (!address) throw new Error(`${Name} is not on the network ${role}`);
  return address;
}

/** Runs a command inside a container; `onLine` sees its output as it comes. */
export async function exec(
  id: string,
  command: readonly string[],
  onLine?: (line: string) => void,
): Promise<{ code: number; output: string }> {
  const run = await docker
    .getContainer(id)
    .exec({ Cmd: [...command], AttachStdout: true, AttachStderr: true });
  const stream = await run.start({});
  const chunks: Buffer[] = [];
  const sink = new PassThrough();
  sink.on("data", (chunk: Buffer) => {
    chunks.push(chunk);
    if (onLine) chunk.toString("utf8").split("\n").filter(Boolean).forEach(onLine);
  });
  docker.modem.demuxStream(stream, sink, sink);
  await new Promise<void>((resolve, reject) => {
    stream.on("end", resolve);
    stream.on("error", reject);
  });
  const { ExitCode } = await run.inspect();
  return { code: ExitCode ?? -1, output: Buffer.concat(chunks).toString("utf8").trim() };
}

/** A file as a running container sees it. */
export async function fileIn(id: string, path: string): Promise<string> {
  const { code, output } = await exec(id, ["cat", path]);
  if (code !== 0) throw new Error(`${path}: ${output}`);
  return output;
}

/** Changes a volume by hand, as root, behind the back of whoever reads it. */
export async function inVolume(volume: string, image: string, script: string): Promise<void> {
  const container = await docker.createContainer({
    Image: image,
    Entrypoint: ["sh", "-ec", script],
    Cmd: [],
    User: "0:0",
    HostConfig: { Binds: [`${volume}:/files`], NetworkMode: "none" },
  });
  try {
    await container.start();
    const { StatusCode } = (await container.wait()) as { StatusCode: number };
    if (StatusCode !== 0) throw new Error(`${script}: exit code ${StatusCode}`);
  } finally {
    await container.remove({ force: true });
  }
}

export interface Memory {
  /** What the engine counts against the limit, without pages that can be dropped; MiB. */
  readonly used: number;
  /** Anonymous memory alone; MiB. */
  readonly anonymous: number;
}

/** Memory of all containers together, by the engine's own counters. */
export async function memoryOf(containers: Iterable<Container>): Promise<Memory> {
  const stats = await Promise.all(
    [...containers].map(({ Id }) => docker.getContainer(Id).stats({ stream: false })),
  );
  const sum = { used: 0, anonymous: 0 };
  for (const { memory_stats } of stats) {
    // Names of the first and of the second version of control groups.
    const detail = memory_stats.stats as unknown as Record<string, number | undefined>;
    sum.used +=
      memory_stats.usage - (detail["total_inactive_file"] ?? detail["inactive_file"] ?? 0);
    sum.anonymous += detail["total_rss"] ?? detail["anon"] ?? 0;
  }
  return {
    used: Math.round(sum.used / 1048576),
    anonymous: Math.round(sum.anonymous / 1048576),
  };
}

/**
 * Follows starts and ends of a stack's containers until `stop` is called, oldest first: `start <id>`, `die <id>`.
 * Followed and not asked for afterwards, because the engine remembers a few hundred events only.
 */
export async function followContainers(stack: string): Promise<{ stop(): string[] }> {
  const stream = await docker.getEvents({
    filters: {
      type: ["container"],
      event: ["start", "die"],
      label: [`mcp-fleet/stack=${stack}`],
    },
  });
  let text = "";
  stream.on("data", (chunk: Buffer) => (text += chunk.toString("utf8")));
  return {
    stop: () => {
      (stream as Readable).destroy();
      return text
        .split("\n")
        .filter(Boolean)
        .map((line) => JSON.parse(line) as { Action: string; Actor: { ID: string } })
        .map(({ Action, Actor }) => `${Action} ${Actor.ID}`);
    },
  };
}

/** Asks until the answer is the wanted one; the last answer or error is what a failure shows. */
export async function eventually<Value>(
  seconds: number,
  ask: () => Promise<Value>,
  wanted: (value: Value) => boolean,
): Promise<Value> {
  const deadline = Date.now() + seconds * 1000;
  for (;;) {
    const answer = await ask().then(
      (value) => ({ value }),
      (error: unknown) => ({ error }),
    );
    if ("value" in answer && wanted(answer.value)) return answer.value;
    if (Date.now() > deadline) {
      const last = "value" in answer ? JSON.stringify(answer.value) : String(answer.error);
      throw new Error(`not so within ${seconds} s; last answer: ${last.slice(0, 2000)}`);
    }
    await sleep(250);
  }
}
