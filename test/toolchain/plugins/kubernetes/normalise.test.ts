import { describe, expect, it } from "vitest";
import { UNKNOWN, type Properties } from "../../../../toolchain/plugins/bridge/values.ts";
import { kindOf } from "../../../../toolchain/plugins/kubernetes/kinds.ts";
import { normalise } from "../../../../toolchain/plugins/kubernetes/normalise.ts";

const podTemplate = (container: Properties): Properties => ({
  spec: { template: { spec: { containers: [container] } } },
});

const deployment = (object: Properties) =>
  normalise(kindOf("kubernetes:apps/v1:Deployment"), object);

describe("inputs in their normal form", () => {
  it("have quantities as the API server writes them", () => {
    const resources = { requests: { cpu: 0.5, memory: "1024Mi" } };
    expect(deployment(podTemplate({ resources }))).toEqual(
      podTemplate({ resources: { requests: { cpu: "500m", memory: "1Gi" } } }),
    );
  });

  it("lack zeros that the API server leaves out, and keep those that mean something", () => {
    const spec = { replicas: 0, minReadySeconds: 0, selector: {}, paused: false };
    expect(deployment({ spec })).toEqual({ spec: { replicas: 0, selector: {} } });
    expect(deployment(podTemplate({ name: "a", tty: false, command: [], resources: {} }))).toEqual(
      podTemplate({ name: "a", resources: {} }),
    );
  });

  it("keep an empty security context and an empty rule: pointers and elements are no zeros", () => {
    const kind = kindOf("kubernetes:networking.k8s.io/v1:NetworkPolicy");
    const spec = { podSelector: {}, ingress: [{}], egress: [] };
    expect(normalise(kind, { spec })).toEqual({ spec: { podSelector: {}, ingress: [{}] } });
    expect(deployment(podTemplate({ securityContext: {} }))).toEqual(
      podTemplate({ securityContext: {} }),
    );
  });

  it("lack what the kind does not have, and what only the API server writes", () => {
    const metadata = { name: "a", uid: "1", resourceVersion: "2", colour: "red" };
    expect(deployment({ metadata, status: {} })).toEqual({ metadata: { name: "a" } });
  });

  it("take ports by number and by name", () => {
    const kind = kindOf("kubernetes:core/v1:Service");
    const ports = [
      { port: 80, targetPort: "http" },
      { port: 81, targetPort: 8081 },
    ];
    expect(normalise(kind, { spec: { ports } })).toEqual({ spec: { ports } });
  });

  it("stay as they are where a field cannot hold its value: the API server will say so", () => {
    const wrong = podTemplate({ env: [{ name: "A", value: 1 }], tty: false });
    expect(deployment(wrong)).toEqual(wrong);
  });

  it("stay as they are while something is unknown", () => {
    const unknown = podTemplate({ image: UNKNOWN, tty: false });
    expect(deployment(unknown)).toEqual(unknown);
  });

  it("of custom resources are nobody's to change but for the metadata", () => {
    const kind = kindOf("kubernetes:monitoring.coreos.com/v1:PrometheusRule");
    const object = { metadata: { name: "r", uid: "1" }, spec: { groups: [], limit: 0 } };
    expect(normalise(kind, object)).toEqual({ ...object, metadata: { name: "r" } });
  });
});

describe("data of a Secret", () => {
  const secret = (object: Properties) => normalise(kindOf("kubernetes:core/v1:Secret"), object);

  it("is encoded, text over bytes", () => {
    const object = { data: { a: "eA==", b: "eQ==" }, stringData: { b: "z" } };
    expect(secret(object)).toEqual({ data: { a: "eA==", b: "eg==" } });
  });

  it("loses line breaks, and is left alone where it is no base64", () => {
    expect(secret({ data: { a: "e\nA==", b: "?" } })).toEqual({ data: { a: "eA==", b: "?" } });
  });
});
