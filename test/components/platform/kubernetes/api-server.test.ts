import { describe, expect, it } from "vitest";
import { apiServerPlaces } from "../../../../components/platform/kubernetes/api-server.ts";
import { fakeCluster } from "./fake-cluster.ts";

const service = "GET /api/v1/namespaces/default/services/kubernetes";
const slices = "GET /apis/discovery.k8s.io/v1/namespaces/default/endpointslices";
const refused = { code: 403, kind: "Status", reason: "Forbidden", message: "no" };
const anywhere = [{ cidrs: ["0.0.0.0/0", "::/0"], ports: [443, 6443] }];

describe("where pods reach the API server", () => {
  it("is its Service and what is behind that, in an order of their own", async () => {
    const { client, asked } = await fakeCluster({
      [service]: {
        spec: { clusterIPs: ["fd00::1", "10.96.0.1"], ports: [{ port: 443 }] },
      },
      [slices]: {
        items: [
          {
            endpoints: [{ addresses: ["192.0.2.8"] }, { addresses: ["192.0.2.7"] }],
            ports: [{ port: 6443 }],
          },
          { endpoints: null, ports: [] },
        ],
      },
    });
    expect(await apiServerPlaces(client, {})).toEqual([
      { cidrs: ["10.96.0.1/32", "fd00::1/128"], ports: [443] },
      { cidrs: ["192.0.2.7/32", "192.0.2.8/32"], ports: [6443] },
    ]);
    expect(asked.join()).toContain("labelSelector=kubernetes.io/service-name=kubernetes");
  });

  it.each([
    ["the user may not look", { [service]: { spec: {} }, [slices]: refused }],
    [
      "the cluster names nothing behind it",
      {
        [service]: { spec: { clusterIPs: ["10.96.0.1"], ports: [{ port: 443 }] } },
        [slices]: { items: [] },
      },
    ],
  ])("is anywhere, on the ports of API servers, if %s", async (_, answers) => {
    const { client } = await fakeCluster(answers);
    expect(await apiServerPlaces(client, {})).toEqual(anywhere);
  });

  it("is where the settings say, and nobody is asked", async () => {
    const { client, asked } = await fakeCluster({});
    const apiServer = { cidrs: ["198.51.100.0/28"], ports: [443] };
    expect(await apiServerPlaces(client, { apiServer })).toEqual([apiServer]);
    expect(asked).toEqual([]);
  });
});
