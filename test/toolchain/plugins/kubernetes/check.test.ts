import { expect, it, vi } from "vitest";
import { secret, UNKNOWN, type Properties } from "../../../../toolchain/plugins/bridge/values.ts";
import { check } from "../../../../toolchain/plugins/kubernetes/check.ts";
import type { CheckRequest } from "../../../../toolchain/plugins/rpc/provider.ts";

const DEPLOYMENT = "kubernetes:apps/v1:Deployment";

function checked(news: Properties, more: Partial<CheckRequest> = {}, warn = vi.fn()) {
  const type = more.type ?? DEPLOYMENT;
  const request = { urn: "", name: "web", type, olds: {}, news, randomSeed: new Uint8Array() };
  return check({ ...request, ...more }, "fleet", warn);
}

it("refuses other kinds with those that there are", () => {
  expect(() => checked({}, { type: "kubernetes:apps/v1:DaemonSet" })).toThrow(
    /apps\/v1:DaemonSet: no such resource type.*apps\/v1:Deployment, .*networking.k8s.io\/v1:Ingress/,
  );
});

it("names an object, and puts it into the provider's namespace", () => {
  const { inputs } = checked({});
  expect(inputs.metadata).toEqual({
    name: expect.stringMatching(/^web-[0-9a-f]{8}$/) as string,
    namespace: "fleet",
    annotations: { "pulumi.com/autonamed": "true" },
  });
});

it("leaves cluster-wide objects out of namespaces", () => {
  const type = "kubernetes:core/v1:Namespace";
  const { inputs } = checked({ metadata: { name: "a" } }, { type });
  expect(inputs.metadata).toEqual({ name: "a" });
});

it("keeps a generated name, but not one that the program gave before", () => {
  const metadata = { name: "web-1", annotations: { "pulumi.com/autonamed": "true" } };
  expect(checked({}, { olds: { metadata } }).inputs.metadata).toMatchObject(metadata);
  const given = checked({}, { olds: { metadata: { name: "web" } } });
  expect(given.inputs.metadata).toEqual({ namespace: "fleet" });
});

it.each(["propose", "enforce"] as const)("takes the name that the engine proposes (%s)", (mode) => {
  const autonaming = { mode, proposedName: "web-of-the-stack" };
  const { inputs } = checked({}, { autonaming });
  expect(inputs.metadata).toMatchObject({ name: "web-of-the-stack" });
});

it("needs a name where the stack forbids generated ones", () => {
  const autonaming = { mode: "disable", proposedName: "" } as const;
  expect(() => checked({}, { autonaming })).toThrow("requires the .metadata.name field");
});

it("keeps secret what is secret: a value where there is one, a list as a whole, all data of a Secret", () => {
  const news = {
    spec: { template: { spec: { containers: [{ name: "a", image: secret("i") }] } } },
    metadata: { labels: { a: secret("b"), c: "d" } },
  };
  const { inputs } = checked(news);
  expect(inputs).toMatchObject({
    spec: { template: { spec: { containers: secret([{ name: "a", image: "i" }]) } } },
    metadata: { labels: { a: secret("b"), c: "d" } },
  });
  const type = "kubernetes:core/v1:Secret";
  const declared = checked({ kind: "Secret", data: { a: "eA==" } }, { type });
  expect(declared.inputs.data).toEqual(secret({ a: "eA==" }));
});

it("waits with everything else while the metadata is unknown", () => {
  expect(checked({ metadata: UNKNOWN }).inputs).toMatchObject({ metadata: UNKNOWN });
});

it.each(["pulumi.com/waitFor", "pulumi.com/replaceUnready"])("refuses %s", (name) => {
  const { failures } = checked({ metadata: { annotations: { [name]: "true" } } });
  expect(failures).toEqual([
    {
      property: `metadata.annotations["${name}"]`,
      reason: `'${name}' is not supported by this stand-in; drop the annotation`,
    },
  ]);
});

it("refuses names made by the API server, which apply knows nothing of", () => {
  const { failures } = checked({ metadata: { generateName: "a-" } });
  expect(failures?.[0]?.property).toBe("metadata.generateName");
});

it("warns of annotations that are the plugin's own", () => {
  const warn = vi.fn();
  checked({ metadata: { name: "a", annotations: { "pulumi.com/autonamed": "true" } } }, {}, warn);
  expect(warn).toHaveBeenCalledExactlyOnceWith(
    'ignoring user-specified value for internal annotation "pulumi.com/autonamed"',
  );
});
