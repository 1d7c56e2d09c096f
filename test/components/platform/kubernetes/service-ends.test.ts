import { describe, expect, it } from "vitest";
import {
  NobodyReadyError,
  serviceEnds,
} from "../../../../components/platform/kubernetes/service-ends.ts";
import { KubernetesTransport } from "../../../../components/platform/kubernetes/transport.ts";
import { NobodyThereError, TransportError } from "../../../../components/platform/transport.ts";
import { fakeCluster, list, refusal, type Answers } from "./fake-cluster.ts";

const servicePath = "GET /api/v1/namespaces/monitoring/services/prometheus";
const slicesPath = "GET /apis/discovery.k8s.io/v1/namespaces/monitoring/endpointslices";
const asked = { name: "prometheus", namespace: "monitoring", port: 80 };

const service = { spec: { ports: [{ name: "web", port: 80 }, { port: 8080 }] } };
const end = (name: string, ready?: boolean) => ({
  conditions: { ...(ready !== undefined && { ready }) },
  targetRef: { kind: "Pod", name },
});
const slice = (...endpoints: readonly object[]) => ({
  ports: [
    { name: "reloader", port: 8080 },
    { name: "web", port: 9090 },
  ],
  endpoints,
});

describe("the pods behind a Service of another namespace", () => {
  it("are those that are ready, each once, on the port that the Service leads to", async () => {
    const { client, asked: questions } = await fakeCluster({
      [servicePath]: service,
      [slicesPath]: list(
        slice(end("prometheus-1"), end("prometheus-0", true), end("prometheus-2", false)),
        slice(end("prometheus-0", true)),
        { ports: null, endpoints: null },
      ),
    });
    expect(await serviceEnds(client, asked)).toEqual([
      { pod: "prometheus-0", namespace: "monitoring", port: 9090 },
      { pod: "prometheus-1", namespace: "monitoring", port: 9090 },
    ]);
    expect(questions.join()).toContain("labelSelector=kubernetes.io/service-name=prometheus");
  });

  it.each<[string, Answers, Error]>([
    [
      "no Service",
      { [slicesPath]: list() },
      new NobodyThereError("there is no Service prometheus of namespace monitoring"),
    ],
    [
      "another port",
      { [servicePath]: { spec: { ports: [{ port: 9090 }] } }, [slicesPath]: list() },
      new NobodyThereError("Service prometheus of namespace monitoring has no port 80, only 9090"),
    ],
    [
      "no ready pod",
      { [servicePath]: service, [slicesPath]: list(slice(end("prometheus-0", false))) },
      new NobodyReadyError("Service prometheus of namespace monitoring"),
    ],
  ])("are nobody: there is %s", async (_, answers, nobody) => {
    const { client } = await fakeCluster(answers);
    await expect(serviceEnds(client, asked)).rejects.toThrow(nobody);
  });
});

describe("a transport that is asked about one", () => {
  const target = { component: "prometheus", workload: "prometheus.monitoring.svc.cluster.local" };

  it("says who was expected, which is not the API server's fault", async () => {
    const { client } = await fakeCluster({ [servicePath]: service, [slicesPath]: list() });
    const dialled = new KubernetesTransport(client).dial(target, 80);
    await expect(dialled).rejects.toThrow(NobodyThereError);
  });

  it("says that it may not look, which says nothing about it", async () => {
    const forbidden = refusal(403, "may not list endpointslices");
    const { client } = await fakeCluster({ [servicePath]: service, [slicesPath]: forbidden });
    const dialled = new KubernetesTransport(client).dial(target, 80);
    await expect(dialled).rejects.toThrow(TransportError);
    await expect(dialled).rejects.toThrow(/may not list endpointslices/);
  });
});
