import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Docker from "dockerode";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { freePorts } from "../../../bench/free-ports.ts";
import type { Properties } from "../../../toolchain/plugins/bridge/values.ts";
import { dockerProvider } from "../../../toolchain/plugins/docker/plugin.ts";
import {
  type Phase,
  type Recorded,
  recordings,
  withExplicitKinds,
} from "../../toolchain/plugins/recordings.ts";
import { importTinyImage } from "./tiny-image.ts";
import { VolatileValues } from "./volatile.ts";

/** Containers worked on at once; the recorded program had as many as the engine allows. */
const PARALLEL = 6;
const BASE = "mcp-fleet-test/replay-base:1";
const CONTAINER = "docker:index/container:Container";

/** A live object: what this run's engine state would hold. */
interface Live {
  readonly id: string;
  readonly properties: Properties;
}

const docker = new Docker();
const provider = dockerProvider("5.2.0");
const values = new VolatileValues();
const live = new Map<string, Live>();
let folder = "";

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "replay-"));
  await writeFile(join(folder, "Dockerfile"), `FROM ${BASE}\nARG V\nLABEL v=$V\n`);
  await importTinyImage(docker, BASE);
  values.declare("debian:trixie-slim", BASE);
  values.declare("./ctx", folder);
  values.declare("gr/app", "mcp-fleet-test/replay-app");
  values.declare("gr/trig", "mcp-fleet-test/replay-trig");
  const [first, second] = await freePorts(2);
  values.declare('"external":18181', `"external":${first}`);
  values.declare('"external":18182', `"external":${second}`);
});

afterAll(async () => {
  await removeLeftovers();
  await rm(folder, { recursive: true, force: true });
});

describe("the recorded program on this machine's engine", () => {
  it("is created", () => replay("1-create"));

  it("changes, one property per resource", () => replay("2-change"));

  it("is refreshed after a container was removed by hand", async () => {
    const gone = recordings("3-refresh").find(
      ({ call, response }) => call === "Read" && response.id === undefined,
    );
    const victim = live.get(gone?.request.id ?? "");
    if (victim === undefined) throw new Error("the recording has no container that is gone");
    await docker.getContainer(victim.id).remove({ force: true });
    await replay("3-refresh");
  });

  it("is destroyed, leaving nothing", async () => {
    await replay("4-destroy");
    expect(await ours()).toEqual([]);
  });
});

/** Replays a phase: everything else before containers, except that it goes after them again. */
async function replay(phase: Phase): Promise<void> {
  const dockerCalls = recordings(phase).filter(({ request }) =>
    request.type?.startsWith("docker:"),
  );
  const isContainer = ({ request }: Recorded) => request.type === CONTAINER;
  const isEnd = (recorded: Recorded) => recorded.call === "Delete" && !isContainer(recorded);
  const waves = [
    dockerCalls.filter((recorded) => !isContainer(recorded) && !isEnd(recorded)),
    dockerCalls.filter(isContainer),
    dockerCalls.filter(isEnd),
  ];
  const differences: string[] = [];
  for (const wave of waves) differences.push(...(await inParallel(byResource(wave))));
  expect(differences).toEqual([]);
}

/** Calls of one resource keep their order. */
function byResource(calls: readonly Recorded[]): Recorded[][] {
  const chains = new Map<string, Recorded[]>();
  for (const recorded of calls) {
    chains.set(recorded.request.urn, [...(chains.get(recorded.request.urn) ?? []), recorded]);
  }
  return [...chains.values()];
}

async function inParallel(chains: Recorded[][]): Promise<string[]> {
  const differences: string[] = [];
  const left = [...chains];
  const work = async () => {
    for (let chain = left.shift(); chain !== undefined; chain = left.shift()) {
      for (const recorded of chain) {
        const found = await answerOf(recorded).catch((error: unknown) => [String(error)]);
        const title = `${recorded.call} ${recorded.request.name}`;
        differences.push(...found.map((difference) => `${title} ${difference}`));
      }
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, work));
  return differences;
}

/** Makes one recorded call with this run's state; says where the answer differs. */
async function answerOf(recorded: Recorded): Promise<string[]> {
  const { call, response } = recorded;
  const request = values.translate(recorded.request);
  const before = live.get(recorded.request.id);
  const state = {
    id: before?.id ?? "",
    olds: before?.properties ?? {},
    properties: before?.properties ?? {},
  };
  const compare = (answer: Properties) => values.differences(values.translate(response), answer);

  switch (call) {
    case "Check": {
      const randomSeed = Buffer.from(recorded.request.randomSeed, "base64");
      return compare(provider.check({ ...request, randomSeed }) as unknown as Properties);
    }
    case "Diff": {
      const answer = provider.diff({ ...request, ...state, ignoreChanges: [] });
      return values.differences(withExplicitKinds(response), answer as unknown as Properties);
    }
    case "Create": {
      const answer = await provider.create({ ...request, preview: false });
      live.set(response.id as string, answer);
      return compare({ ...answer });
    }
    case "Read": {
      const answer = await provider.read({ ...request, ...state });
      if (answer.id !== undefined) live.set(recorded.request.id, answer as Live);
      return compare({ ...answer });
    }
    case "Update": {
      const answer = await provider.update({ ...request, ...state, preview: false });
      live.set(recorded.request.id, { id: state.id, ...answer });
      return compare({ ...answer });
    }
    case "Delete":
      await provider.delete({ ...request, ...state });
      return [];
    default:
      throw new Error(`no replay of ${call}`);
  }
}

/** Names of objects that the recorded program makes and that exist now. */
async function ours(): Promise<string[]> {
  const names = new Set(
    recordings("1-create")
      .concat(recordings("2-change"))
      .map(({ request }) => request.properties?.name)
      .filter((name) => typeof name === "string"),
  );
  const [containers, networks, { Volumes: volumes }] = await Promise.all([
    docker.listContainers({ all: true }),
    docker.listNetworks(),
    docker.listVolumes(),
  ]);
  return [
    ...containers.flatMap(({ Names }) => Names.map((name) => name.slice(1))),
    ...networks.map(({ Name }) => Name),
    ...volumes.map(({ Name }) => Name),
  ].filter((name) => names.has(name));
}

async function removeLeftovers(): Promise<void> {
  const left = await ours();
  const quietly = (removal: Promise<unknown>) => removal.catch(() => undefined);
  await Promise.all(
    left.map((name) => quietly(docker.getContainer(name).remove({ force: true, v: true }))),
  );
  await Promise.all(left.map((name) => quietly(docker.getNetwork(name).remove())));
  await Promise.all(left.map((name) => quietly(docker.getVolume(name).remove({ force: true }))));
  const images = await docker.listImages();
  const tags = images.flatMap(({ RepoTags }) => RepoTags ?? []);
  for (const tag of tags.filter((name) => name.startsWith("mcp-fleet-test/replay-"))) {
    await quietly(docker.getImage(tag).remove({ force: true }));
  }
}
