import { expect, it } from "vitest";
import { apiServerIn } from "../../../../infra/cli/manifests/api-server.ts";
import type { ResourceRecord } from "../../../../infra/release/deployment.ts";

const type = "kubernetes:networking.k8s.io/v1:NetworkPolicy";

function deployed(egress: readonly object[]) {
  const record = { type, inputs: { spec: { egress } } } as unknown as ResourceRecord;
  return { resources: new Map([[`${type} prometheus`, record]]) };
}

const outside = { to: [{ ipBlock: { cidr: "0.0.0.0/0" } }, { ipBlock: { cidr: "::/0" } }] };
const server = {
  to: [{ podSelector: { matchLabels: { app: "scene" } } }],
  ports: [{ protocol: "TCP", port: 9464 }],
};
const api = { to: [{ ipBlock: { cidr: "10.0.0.1/32" } }], ports: [{ protocol: "TCP", port: 443 }] };

it("is where the last release found the API server", () => {
  expect(apiServerIn({}, deployed([outside, server, api]))).toEqual([
    { cidrs: ["10.0.0.1/32"], ports: [443] },
  ]);
});

it("is what the settings say, first of all", () => {
  const apiServer = { cidrs: ["192.0.2.0/24"], ports: [6443] };
  expect(apiServerIn({ apiServer }, deployed([api]))).toEqual([apiServer]);
});

it.each([
  ["nothing was deployed", { resources: new Map<string, ResourceRecord>() }],
  ["the last release had no such rule", deployed([outside, server])],
])("is anywhere if %s", (_name, state) => {
  expect(apiServerIn({}, state)).toEqual([{ cidrs: ["0.0.0.0/0", "::/0"], ports: [443, 6443] }]);
});
