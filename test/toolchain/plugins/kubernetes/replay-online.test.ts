import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import {
  isObject,
  mapProperties,
  type Properties,
  withoutSecrets,
} from "../../../../toolchain/plugins/bridge/values.ts";
import { OBSERVED, pathOf } from "../../../../toolchain/plugins/kubernetes/kinds.ts";
import { namespaceOf, nameOf, textAt } from "../../../../toolchain/plugins/kubernetes/object.ts";
import { kubernetesProvider } from "../../../../toolchain/plugins/kubernetes/plugin.ts";
import { SETTLE_MS } from "../../../../toolchain/plugins/kubernetes/await/service.ts";
import { engineLog } from "../../../../toolchain/plugins/rpc/engine-log.ts";
import type { Provider } from "../../../../toolchain/plugins/rpc/provider.ts";
import { FakeApiServer } from "./fake-api-server.ts";
import { callsOf, liveOf, placeOf, propertiesOf } from "./recorded-calls.ts";

const server = new FakeApiServer();
let provider: Provider;

beforeAll(async () => {
  await server.start();
  provider = kubernetesProvider("4.34.2", engineLog(undefined), {});
  provider.configure({ kubeconfig: server.kubeconfig });
  // A Service is watched for ten seconds after its endpoints have changed; sockets have timers of their own.
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
});

afterEach(() => server.clear());

afterAll(async () => {
  provider.cancel();
  vi.useRealTimers();
  await server.stop();
});

describe("answers of the official kubernetes plugin that came from a cluster", () => {
  it("were recorded in full", () => {
    const counts = ["Create", "Read", "Update", "Delete"].map((call) => callsOf(call).length);
    expect(counts).toEqual([14, 11, 3, 13]);
  });

  it.each(callsOf("Create"))("Create %s", async (_, { request, response }) => {
    const recorded = propertiesOf(response);
    const { collection } = placeOf(request.type, recorded);
    const live = managed(liveOf(recorded));
    server.answers.set(`POST ${collection}`, [live]);
    serve(collection, live);

    const answer = await settled(provider.create({ ...request, preview: false }));
    expect(answer.id).toBe(response.id);
    const { __fieldManager: manager, ...properties } = answer.properties;
    expect(manager).toMatch(/^pulumi-kubernetes-[0-9a-f]{8}$/);
    expect({ ...properties, __fieldManager: recorded.__fieldManager }).toEqual(recorded);
    expect(server.received.find(({ method }) => method === "POST")).toEqual({
      method: "POST",
      path: collection,
      query: { fieldManager: "pulumi-kubernetes" },
      body: mapProperties(request.properties, withoutSecrets),
    });
  });

  it.each(callsOf("Update"))("Update %s", async (_, { request, response }) => {
    const recorded = propertiesOf(response);
    const { object, collection } = placeOf(request.type, recorded);
    server.answers.set(`GET ${object}`, [managed(liveOf(request.olds))]);
    server.answers.set(`PATCH ${object}`, [
      managed(liveOf(request.olds)),
      managed(liveOf(recorded)),
    ]);
    serve(collection, liveOf(recorded));
    server.tell(collection, "MODIFIED", liveOf(recorded));

    const answer = await settled(provider.update({ ...request, preview: false }));
    expect(answer.properties).toEqual(recorded);
    const [handed, applied] = server.received.filter(({ method }) => method === "PATCH");
    expect(JSON.stringify(handed?.body)).toContain(request.olds.__fieldManager as string);
    expect(applied).toEqual({
      method: "PATCH",
      path: object,
      query: { fieldManager: request.olds.__fieldManager, force: "false" },
      body: mapProperties(request.news, withoutSecrets),
    });
  });

  it.each(callsOf("Read"))("Read %s", async (_, { request, response }) => {
    const found = response.id !== undefined;
    const state = found ? propertiesOf(response) : request.properties;
    const { object, collection } = placeOf(request.type, state);
    if (found) server.answers.set(`GET ${object}`, [managed(liveOf(state))]);
    serve(collection, liveOf(state));
    expect(await provider.read(request)).toEqual(response);
  });

  it.each(callsOf("Delete"))("Delete %s", async (_, { request }) => {
    const { object } = placeOf(request.type, request.properties);
    server.answers.set(`DELETE ${object}`, [liveOf(request.properties)]);
    await provider.delete(request);
    expect(server.received.filter(({ path }) => path === object)).toEqual([
      {
        method: "DELETE",
        path: object,
        query: {},
        body: { propagationPolicy: "Foreground" },
      },
      { method: "GET", path: object, query: {}, body: undefined },
    ]);
  });
});

/** The object as the API server gives it: with the managers that state does not keep. */
function managed(live: Properties): Properties {
  const managedFields = [
    {
      manager: "pulumi-kubernetes",
      operation: "Update",
      apiVersion: live.apiVersion ?? "",
      fieldsType: "FieldsV1",
      fieldsV1: { "f:spec": {} },
    },
  ];
  const metadata = isObject(live.metadata) ? live.metadata : {};
  return { ...live, metadata: { ...metadata, managedFields } };
}

/** What the controllers make of an object, as far as it is waited for. */
function serve(collection: string, live: Properties): void {
  const namespace = namespaceOf(live);
  server.collections.set(collection, [live]);
  for (const kind of Object.values(OBSERVED)) server.collections.set(pathOf(kind, namespace), []);
  server.collections.set(
    pathOf({ apiVersion: "v1", plural: "persistentvolumeclaims" }, namespace),
    [],
  );
  if (live.kind === "Deployment") {
    const replicas = isObject(live.spec) ? (live.spec.replicas ?? 1) : 1;
    const set: Properties = {
      metadata: {
        uid: "set",
        annotations: isObject(live.metadata) ? (live.metadata.annotations ?? {}) : {},
        ownerReferences: [{ uid: textAt(live, "metadata", "uid") }],
      },
      spec: { replicas },
      status: { readyReplicas: replicas },
    };
    server.collections.set(pathOf(OBSERVED.replicaSets, namespace), [set]);
  }
  if (live.kind === "Service") {
    const endpoints = {
      metadata: { name: nameOf(live), uid: "endpoints" },
      subsets: [{ addresses: [{ ip: "10.0.0.1" }] }],
    };
    server.collections.set(pathOf(OBSERVED.endpoints, namespace), [endpoints]);
  }
}

/** Goes through the waits of an answer in no time. */
async function settled<Answer>(answer: Promise<Answer>): Promise<Answer> {
  let over = false;
  const end = () => (over = true);
  answer.then(end, end);
  while (!over) {
    await new Promise((resolve) => setImmediate(resolve));
    vi.advanceTimersByTime(SETTLE_MS / 100);
  }
  return answer;
}
