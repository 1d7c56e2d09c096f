import { describe, expect, it, vi } from "vitest";
import {
  failureOf,
  inputsOf,
  MAP,
  MAPS,
  PluginOnFakeServer,
  refusal,
} from "./plugin-on-fake-server.ts";

const plugin = new PluginOnFakeServer();
const { log, server } = plugin;

describe("what cannot be reached", () => {
  const state = { ...inputsOf("v1", "ConfigMap"), __inputs: {} };
  const request = { id: "n/a", urn: "urn", type: MAP, properties: state, inputs: {} };

  it("is kept, with the way to forget it", async () => {
    plugin.provider.configure({ kubeconfig: "{}" });
    await expect(plugin.provider.read(request)).rejects.toThrow("PULUMI_K8S_DELETE_UNREACHABLE");
    await expect(plugin.provider.delete(request)).rejects.toThrow("PULUMI_K8S_DELETE_UNREACHABLE");
  });

  it("is forgotten if the program says so", async () => {
    plugin.provider.configure({ kubeconfig: "{}", deleteUnreachable: "true" });
    expect(await plugin.provider.read(request)).toEqual({});
    await plugin.provider.delete(request);
  });
});

describe("deletion", () => {
  const live = {
    ...inputsOf("v1", "ConfigMap"),
    metadata: { name: "a", namespace: "n", uid: "u" },
  };
  const request = { id: "n/a", urn: "urn", type: MAP, properties: { ...live, __inputs: {} } };

  it("ends when the object goes before the watch is there to see it", async () => {
    server.answers.set(`DELETE ${MAPS}/a`, [live]);
    server.answers.set(`GET ${MAPS}/a`, [live, refusal(404, {})]);
    server.collections.set(MAPS, []);
    await plugin.provider.delete(request);
  });

  it("ends when it is seen to go, and not for another object of that name", async () => {
    server.answers.set(`DELETE ${MAPS}/a`, [live]);
    server.answers.set(`GET ${MAPS}/a`, [live, live, refusal(404, {})]);
    server.collections.set(MAPS, [live]);
    const answer = plugin.provider.delete(request);
    await vi.waitFor(() => {
      expect(server.received).toHaveLength(4);
      expect(server.isWatched(MAPS)).toBe(true);
    }, 30_000);
    server.tell(MAPS, "DELETED", { ...live, metadata: { name: "a", uid: "other" } });
    server.tell(MAPS, "DELETED", live);
    await answer;
  });

  it("that is held up leaves the object in state, with what holds it", async () => {
    const held = { ...live, metadata: { ...live.metadata, finalizers: ["x/y"] } };
    server.answers.set(`DELETE ${MAPS}/a`, [held]);
    server.answers.set(`GET ${MAPS}/a`, [held]);
    server.collections.set(MAPS, [held]);
    const error = await failureOf(plugin.provider.delete({ ...request, timeout: 1 }));
    expect(error.message).toBe("timed out waiting for the condition");
    expect(log.log).toHaveBeenCalledWith(
      "warning",
      "urn",
      "finalizers might be preventing deletion (x/y)",
    );
  });

  it("of what is gone is done", async () => {
    await plugin.provider.delete(request);
  });
});

describe("an update", () => {
  const inputs = inputsOf("v1", "ConfigMap", { data: { a: "2" } });
  const olds = { ...inputsOf("v1", "ConfigMap"), __inputs: {}, __fieldManager: "mine" };
  const request = { id: "n/a", urn: "urn", type: MAP, olds, news: inputs, preview: false };

  it("that others do not allow says who they are, and keeps the object", async () => {
    server.answers.set(`GET ${MAPS}/a`, [inputsOf("v1", "ConfigMap")]);
    server.answers.set(`PATCH ${MAPS}/a`, [refusal(409, { message: "conflict with kubectl" })]);
    const error = await failureOf(plugin.provider.update(request));
    expect(error.message).toMatch(
      /field manager "mine" had an apply conflict: conflict with kubectl/,
    );
    expect(error.id).toBe("n/a");
  });

  it("of what is gone fails", async () => {
    await expect(plugin.provider.update(request)).rejects.toThrow(
      /update of resource "urn" failed: .*\nunable to get cluster state/,
    );
  });
});

it("imports an object with inputs as a program would have declared them", async () => {
  const metadata = {
    name: "a",
    namespace: "n",
    uid: "u",
    resourceVersion: "1",
    labels: { b: "c" },
  };
  const live = { apiVersion: "v1", kind: "ConfigMap", data: { a: "1" }, metadata };
  server.answers.set(`GET ${MAPS}/a`, [live]);
  const answer = await plugin.provider.read({
    ...{ id: "n/a", urn: "urn", type: MAP },
    properties: {},
    inputs: {},
  });
  expect(answer.inputs).toEqual({
    ...live,
    metadata: { name: "a", namespace: "n", labels: { b: "c" } },
  });
});
