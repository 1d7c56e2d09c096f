import { expect, test } from "vitest";
import { collectionPath } from "../../../toolchain/kubernetes/api.ts";
import { layoutOf } from "../../../toolchain/kubernetes/layout.ts";
import {
  renderProvisioner,
  renderVolumePod,
  systemObjects,
} from "../../../toolchain/kubernetes/manifests.ts";

const objects = systemObjects(layoutOf("/cluster", 207), "CERTIFICATE");

test.each([
  [{ apiVersion: "v1", kind: "Namespace", metadata: { name: "a" } }, "/api/v1/namespaces"],
  [
    { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "a", namespace: "b" } },
    "/api/v1/namespaces/b/configmaps",
  ],
  [
    { apiVersion: "storage.k8s.io/v1", kind: "StorageClass", metadata: { name: "a" } },
    "/apis/storage.k8s.io/v1/storageclasses",
  ],
  [
    { apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "a", namespace: "b" } },
    "/apis/apps/v1/namespaces/b/deployments",
  ],
])("objects are created in the collection of their kind", (object, path) => {
  expect(collectionPath(object)).toBe(path);
});

test("no two objects are the same, and nobody is given every right", () => {
  const names = objects.map((object) => `${collectionPath(object)}/${object.metadata.name}`);
  expect(new Set(names).size).toBe(names.length);
  expect(JSON.stringify(objects)).not.toContain('"*"');
  expect(JSON.stringify(objects)).not.toContain("cluster-admin");
});

test("DNS has the labels and the address by which policies and pods know it", () => {
  const service = objects.find(({ metadata }) => metadata.name === "kube-dns");
  expect(service).toMatchObject({
    metadata: { namespace: "kube-system" },
    spec: { clusterIP: "10.207.2.10", selector: { "k8s-app": "kube-dns" } },
  });
});

test("one storage class is the default, and waits for the pod that uses it", () => {
  expect(objects.filter(({ kind }) => kind === "StorageClass")).toMatchObject([
    {
      metadata: { annotations: { "storageclass.kubernetes.io/is-default-class": "true" } },
      volumeBindingMode: "WaitForFirstConsumer",
    },
  ]);
});

test("the metrics API is trusted by its certificate", () => {
  expect(objects.find(({ kind }) => kind === "APIService")).toMatchObject({
    metadata: { name: "v1beta1.metrics.k8s.io" },
    spec: { caBundle: Buffer.from("CERTIFICATE").toString("base64") },
  });
});

test("volumes are made and removed by the box image, never pulled", () => {
  expect(JSON.parse(renderProvisioner("/run/node/volumes"))).toMatchObject({
    setupCommand: "/volume",
    teardownCommand: "/volume",
    nodePathMap: [{ paths: ["/run/node/volumes"] }],
  });
  expect(JSON.parse(renderVolumePod("box:1"))).toMatchObject({
    spec: { containers: [{ image: "box:1", imagePullPolicy: "Never" }] },
  });
});
