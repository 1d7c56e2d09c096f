import { describe, expect, it, vi } from "vitest";
import type { Properties } from "../../../../toolchain/plugins/bridge/values.ts";
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
const JOB = "kubernetes:batch/v1:Job";
const RULE = "kubernetes:monitoring.coreos.com/v1:PrometheusRule";
const JOBS = "/apis/batch/v1/namespaces/n/jobs";
const PODS = "/api/v1/namespaces/n/pods";

const job = (status: Properties = {}): Properties => ({
  ...{ apiVersion: "batch/v1", kind: "Job", status },
  metadata: { name: "a", namespace: "n", uid: "u", resourceVersion: "1" },
});

describe("creation", () => {
  it("that does not come up leaves the object in state, with what its pods say", async () => {
    server.answers.set(`POST ${JOBS}`, [job()]);
    const failed = {
      type: "Failed",
      status: "True",
      reason: "BackoffLimitExceeded",
      message: "no",
    };
    server.collections.set(JOBS, [job({ startTime: "t", conditions: [failed] })]);
    const pod = {
      metadata: { name: "p", namespace: "n", uid: "p", ownerReferences: [{ uid: "u" }] },
      status: {
        conditions: [
          { type: "PodScheduled", status: "True" },
          { type: "Initialized", status: "True" },
          {
            type: "Ready",
            status: "False",
            reason: "ContainersNotReady",
            message: "not ready: [c]",
          },
        ],
        containerStatuses: [
          { name: "c", state: { terminated: { reason: "Error", exitCode: 3 } }, ready: false },
        ],
      },
    };
    server.collections.set(PODS, [pod]);
    const error = await failureOf(plugin.create(JOB, inputsOf("batch/v1", "Job")));
    expect(error.id).toBe("n/a");
    expect(error.properties).toMatchObject({ kind: "Job", __inputs: inputsOf("batch/v1", "Job") });
    expect(error.reasons[0]).toBe(
      'resource "urn" was successfully created, but the Kubernetes API server reported that it failed to ' +
        "fully initialize or become live: Resource 'a' was created but failed to initialize",
    );
    expect(error.reasons).toContain("[BackoffLimitExceeded] no");
  });

  it("ends at the program's own limit", async () => {
    server.answers.set(`POST ${JOBS}`, [job()]);
    const error = await failureOf(plugin.create(JOB, inputsOf("batch/v1", "Job"), { timeout: 1 }));
    expect(error.message).toContain("'a' timed out waiting to be Ready");
  });

  it("is cancelled, and the object is in state", async () => {
    server.answers.set(`POST ${JOBS}`, [job()]);
    const answer = failureOf(plugin.create(JOB, inputsOf("batch/v1", "Job")));
    await vi.waitFor(() => expect(server.received.map(({ path }) => path)).toContain(PODS));
    plugin.provider.cancel();
    expect((await answer).message).toContain('Resource operation was cancelled for "a"');
  });

  it("does not wait where the program says so", async () => {
    server.answers.set(`POST ${JOBS}`, [job()]);
    const metadata = { name: "a", annotations: { "pulumi.com/skipAwait": "true" } };
    server.answers.set("POST /apis/batch/v1/jobs", [job()]);
    const answer = await plugin.create(JOB, inputsOf("batch/v1", "Job", { metadata }));
    expect(answer.id).toBe("n/a");
  });

  it("of what is there already fails, and says what to do", async () => {
    const status = { message: 'configmaps "a" already exists', reason: "AlreadyExists" };
    server.answers.set(`POST ${MAPS}`, [refusal(409, status)]);
    await expect(plugin.create(MAP, inputsOf("v1", "ConfigMap"))).rejects.toThrow(
      /resource "urn" was not successfully created .*: configmaps "a" already exists\n.*pulumi import/,
    );
  });

  it("waits for a namespace that is on its way", async () => {
    const missing = { message: "no n", reason: "NotFound", details: { kind: "namespaces" } };
    server.answers.set(`POST ${MAPS}`, [refusal(404, missing), inputsOf("v1", "ConfigMap")]);
    expect((await plugin.create(MAP, inputsOf("v1", "ConfigMap"))).id).toBe("n/a");
    expect(log.status).toHaveBeenCalledWith("info", "urn", "Retry #0; creation failed: no n");
  });

  it("of a custom resource waits for its definition", async () => {
    const version = "monitoring.coreos.com/v1";
    const rules = `/apis/${version}/namespaces/n/prometheusrules`;
    server.answers.set(`POST ${rules}`, [inputsOf(version, "PrometheusRule")]);
    const answer = plugin.create(RULE, inputsOf(version, "PrometheusRule"));
    await vi.waitFor(() => expect(log.status).toHaveBeenCalled());
    server.served.push(`apis/${version}`);
    expect((await answer).id).toBe("n/a");
    server.served.pop();
  });
});

describe("a preview", () => {
  const previewed = (type: string, properties: Properties) =>
    plugin.create(type, properties, { preview: true });

  it("asks the API server what would come of it", async () => {
    const answer = { ...inputsOf("v1", "ConfigMap"), data: { a: "1" }, status: {} };
    server.answers.set(`POST ${MAPS}`, [answer]);
    const { id, properties } = await previewed(MAP, inputsOf("v1", "ConfigMap"));
    expect(id).toBe("");
    expect(properties).toMatchObject({ data: { a: "1" } });
    expect(properties.status).toBeUndefined();
    expect(server.received[0]?.query).toEqual({ dryRun: "All", fieldManager: "pulumi-kubernetes" });
  });

  it.each([
    ["the namespace is to be made first", 404, { details: { kind: "namespaces" } }],
    ["the user may only look", 403, {}],
    ["the object is to be replaced", 409, { reason: "AlreadyExists" }],
  ])("is content with the inputs where %s", async (_, code, status) => {
    server.answers.set(`POST ${MAPS}`, [refusal(code, status)]);
    const inputs = inputsOf("v1", "ConfigMap");
    expect(await previewed(MAP, inputs)).toEqual({ id: "", properties: inputs });
  });

  it("needs no cluster", async () => {
    plugin.provider.configure({ kubeconfig: "nothing of the kind" });
    const inputs = inputsOf("v1", "ConfigMap");
    expect(await previewed(MAP, inputs)).toEqual({ id: "", properties: inputs });
    await expect(plugin.create(MAP, inputs)).rejects.toThrow(
      "configured Kubernetes cluster is unreachable: failed to parse kubeconfig data",
    );
  });
});
