import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { isObject, type Properties, type Value } from "../../toolchain/plugins/bridge/values.ts";
import { startCluster, stopCluster } from "../../toolchain/kubernetes/cluster.ts";
import { BOX_IMAGE } from "../../toolchain/kubernetes/versions.ts";
import { kubernetesProvider } from "../../toolchain/plugins/kubernetes/plugin.ts";
import { engineLog } from "../../toolchain/plugins/rpc/engine-log.ts";
import type { Provider } from "../../toolchain/plugins/rpc/provider.ts";
import {
  type Phase,
  type Recorded,
  recordings,
  withExplicitKinds,
} from "../toolchain/plugins/recordings.ts";

let dir: string | undefined;
let provider: Provider;
/** Ids are names, and those follow from the recorded seeds: an object has the id that it had then. */
const live = new Map<string, Properties>();

beforeAll(async () => {
  let kubeconfig = process.env["KUBECONFIG"];
  if (!kubeconfig) {
    dir = await mkdtemp(join(tmpdir(), "fleet-replay-"));
    ({ kubeconfig } = await startCluster({ dir }));
  }
  provider = kubernetesProvider("4.34.2", engineLog(undefined), process.env);
  provider.configure({ kubeconfig });
});

afterAll(async () => {
  for (const [id, properties] of [...live].reverse()) {
    const type = typeOf.get(id) ?? "";
    await provider.delete({ id, urn: "", type, properties }).catch(() => undefined);
  }
  if (dir === undefined) return;
  await stopCluster(dir);
  await rm(dir, { recursive: true, force: true });
});

describe("the recorded program on a real cluster", () => {
  it("is created", () => replay("1-create"));

  it("changes", () => replay("2-change"));

  it("is refreshed after an object was removed by hand", async () => {
    for (const { request, response } of kubernetesCalls("3-refresh")) {
      if (response.id !== undefined || typeof request.inputs !== "object") continue;
      await provider.delete({ ...request, properties: live.get(request.id) ?? {} });
    }
    await replay("3-refresh");
  });

  it("is destroyed, leaving nothing", async () => {
    await replay("4-destroy");
    expect([...live.keys()]).toEqual([]);
  });
});

/** Makes the recorded calls one after the other, with this run's state. */
async function replay(phase: Phase): Promise<void> {
  const answers: Record<string, unknown> = {};
  const wanted: Record<string, unknown> = {};
  for (const [index, recorded] of kubernetesCalls(phase).entries()) {
    const title = `${index} ${recorded.call} ${recorded.request.type} ${recorded.request.name}`;
    wanted[title] = stable(withExplicitKinds(recorded.response));
    answers[title] = stable((await answerOf(recorded)) as Properties);
  }
  expect(answers).toEqual(wanted);
}

const typeOf = new Map<string, string>();

/** A call, its image replaced by one that every cluster of ours has. */
function kubernetesCalls(phase: Phase): Recorded[] {
  return recordings(phase, "kubernetes")
    .filter(({ request }) => request.type.startsWith("kubernetes:"))
    .map((recorded) => JSON.parse(withOurImage(JSON.stringify(recorded))) as Recorded);
}

function withOurImage(text: string): string {
  const image = `"image":"${BOX_IMAGE}"`;
  return text
    .replace(
      /"command":\["\/usr\/bin\/echo",("\d")\],"image":"localhost\/napp:1"/g,
      `"args":["connect",$1],${image}`,
    )
    .replaceAll(`"image":"localhost/napp:1"`, `"args":["serve"],${image}`)
    .replaceAll("containers[0].command[1]", "containers[0].args[1]");
}

async function answerOf({ call, request }: Recorded): Promise<unknown> {
  const { id, type } = request;
  const properties = live.get(id) ?? {};
  switch (call) {
    case "Check": {
      const randomSeed = Buffer.from(request.randomSeed, "base64");
      return provider.check({ ...request, randomSeed });
    }
    case "Diff":
      return provider.diff({ ...request, olds: properties, ignoreChanges: [] });
    case "Create": {
      const answer = await provider.create({ ...request, preview: false });
      live.set(answer.id, answer.properties);
      typeOf.set(answer.id, type);
      return answer;
    }
    case "Read": {
      const answer = await provider.read({ ...request, properties });
      if (answer.properties === undefined) live.delete(id);
      else live.set(id, answer.properties);
      return answer;
    }
    case "Update": {
      const answer = await provider.update({ ...request, olds: properties, preview: false });
      live.set(id, answer.properties);
      return answer;
    }
    case "Delete":
      await provider.delete({ ...request, properties });
      live.delete(id);
      return {};
    default:
      throw new Error(`no replay of ${call}`);
  }
}

/** What differs from one creation of the same object to the next. */
const VOLATILE: readonly (readonly [RegExp, string])[] = [
  [/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/, "time"],
  [/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/, "uid"],
  [/^10(\.\d+){3}$/, "address"],
  [/^pulumi-kubernetes-[0-9a-f]{8}$/, "field manager"],
];

/**
 * An answer without what is another in every run. Of the status only that there is one: it depends on how quick the
 * controllers were.
 */
function stable(value: Value, name = ""): Value {
  if (name === "status") return "status";
  if (name === "resourceVersion") return "version";
  if (Array.isArray(value)) return value.map((item) => stable(item));
  if (isObject(value)) {
    return Object.fromEntries(
      Object.entries(value).map(([key, member]) => [key, stable(member, key)]),
    );
  }
  if (typeof value !== "string") return value;
  return VOLATILE.find(([pattern]) => pattern.test(value))?.[1] ?? value;
}
