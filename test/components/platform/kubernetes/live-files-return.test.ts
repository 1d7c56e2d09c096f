import { describe, expect, it } from "vitest";
import {
  SecretFilesReturn,
  secretOf,
} from "../../../../components/platform/kubernetes/live-files-return.ts";
import type { Secret } from "../../../../components/platform/kubernetes/objects.ts";
import { fakeCluster, list } from "./fake-cluster.ts";
import { workload } from "./objects.ts";

const place = { reader: "gateway.fleet.svc.cluster.local", mountPath: "/etc/haproxy" };
const ns = "/api/v1/namespaces/fleet";

function reader(mountPath = "/etc/haproxy/current") {
  const made = workload("gateway", 2);
  const spec = {
    containers: [
      { name: "side", volumeMounts: [{ name: "tmp", mountPath: "/tmp" }] },
      { name: "gateway", volumeMounts: [{ name: "mount-0", mountPath }] },
    ],
    volumes: [{ name: "tmp" }, { name: "mount-0", secret: { secretName: "gateway-files" } }],
  };
  return { ...made, spec: { ...made.spec, template: { spec } } };
}

function secret(name: string, version: string): Secret {
  return {
    metadata: {
      ...{ name, resourceVersion: "7", labels: { own: "label" } },
      annotations: { "mcp-fleet/files-hash": version, other: "kept" },
    },
    data: { ".version": btoa(version) },
  };
}

async function scene(current: string, before?: string) {
  const written: unknown[] = [];
  const { client } = await fakeCluster({
    "GET /apis/apps/v1/namespaces/fleet/deployments/gateway": reader(),
    [`GET ${ns}/secrets/gateway-files`]: secret("gateway-files", current),
    ...(before !== undefined && {
      [`GET ${ns}/secrets/gateway-files-previous`]: secret("gateway-files-previous", before),
    }),
    [`GET ${ns}/pods`]: list(),
    [`PUT ${ns}/secrets/gateway-files`]: (body: unknown) => {
      written.push(body);
      return body;
    },
  });
  return { files: new SecretFilesReturn(client), written };
}

it("knows the version that is current; none where there is no such reader", async () => {
  const { files } = await scene("v-2");
  expect(await files.currentVersion(place)).toBe("v-2");
  expect(await files.currentVersion({ ...place, reader: "nobody" })).toBeUndefined();
});

describe("the way back", () => {
  it("gives the Secret the content of the version before, and changes nothing else of it", async () => {
    const { files, written } = await scene("v-2", "v-1");
    const answer = await files.returnToPrevious({ ...place, reload: ["true"] });
    // No pod runs: whichever comes starts with it.
    expect(answer).toMatchObject({ moved: true, inForce: false });
    expect(written).toMatchObject([
      {
        metadata: {
          ...{ name: "gateway-files", resourceVersion: "7", labels: { own: "label" } },
          annotations: { "mcp-fleet/files-hash": "v-1", other: "kept" },
        },
        data: { ".version": btoa("v-1") },
      },
    ]);
  });

  it.each([
    ["it is the same", "v-1"],
    ["there is none", undefined],
  ])("changes nothing where %s", async (_, before) => {
    const { files, written } = await scene("v-1", before);
    const answer = await files.returnToPrevious({ ...place, reload: ["true"] });
    expect(answer.moved).toBe(false);
    expect(written).toEqual([]);
  });
});

it("finds the Secret by its place in the reader, as a whole or as the current version", () => {
  const found = { name: "gateway-files", container: "gateway" };
  expect(secretOf(reader(), place)).toEqual(found);
  expect(secretOf(reader("/etc/haproxy"), place)).toEqual(found);
  expect(() => secretOf(reader("/elsewhere"), place)).toThrow("gateway mounts no Secret at");
});
