import type { ApiObject } from "./api.ts";
import { dns } from "./dns.ts";
import { type Layout, METRICS_PORT, NODE_NAME } from "./layout.ts";
import { bind, grant, RBAC, READ, rule, user } from "./rbac.ts";

/** Everything that a new cluster is given, in the order of its creation. */
export function systemObjects(layout: Layout, ca: string): readonly ApiObject[] {
  return [...dns(layout), ...policies(), ...storage(), ...metrics(layout, ca)];
}

function policies(): readonly ApiObject[] {
  return grant("fleet:network-policies", user("fleet:network-policies"), [
    rule("", ["pods", "namespaces"], READ),
    rule("networking.k8s.io", ["networkpolicies"], READ),
  ]);
}

function storage(): readonly ApiObject[] {
  return [
    { apiVersion: "v1", kind: "Namespace", metadata: { name: "local-path-storage" } },
    ...grant("fleet:local-path-provisioner", user("fleet:local-path-provisioner"), [
      rule("", ["nodes", "persistentvolumeclaims", "configmaps", "pods", "pods/log"], READ),
      rule("", ["pods"], ["create", "delete"]),
      rule("", ["persistentvolumes"], [...READ, "create", "patch", "update", "delete"]),
      rule("", ["events"], ["create", "patch"]),
      rule("storage.k8s.io", ["storageclasses"], READ),
    ]),
    {
      apiVersion: "storage.k8s.io/v1",
      kind: "StorageClass",
      metadata: {
        name: "local-path",
        annotations: { "storageclass.kubernetes.io/is-default-class": "true" },
      },
      provisioner: "rancher.io/local-path",
      volumeBindingMode: "WaitForFirstConsumer",
      reclaimPolicy: "Delete",
    },
  ];
}

/** The metrics API is a process of the node: a Service without a selector leads to it. */
function metrics(layout: Layout, ca: string): readonly ApiObject[] {
  const metadata = { name: "metrics-server", namespace: "kube-system" };
  const subject = user("fleet:metrics-server");
  return [
    ...grant("fleet:metrics-server", subject, [
      rule("", ["nodes/metrics"], ["get"]),
      rule("", ["pods", "nodes"], READ),
      rule("", ["configmaps"], READ),
    ]),
    bind("fleet:metrics-server:delegator", "ClusterRole", "system:auth-delegator", subject),
    {
      apiVersion: RBAC,
      kind: "ClusterRole",
      metadata: {
        name: "fleet:metrics-reader",
        labels: {
          "rbac.authorization.k8s.io/aggregate-to-view": "true",
          "rbac.authorization.k8s.io/aggregate-to-edit": "true",
          "rbac.authorization.k8s.io/aggregate-to-admin": "true",
        },
      },
      rules: [rule("metrics.k8s.io", ["pods", "nodes"], READ)],
    },
    {
      apiVersion: "v1",
      kind: "Service",
      metadata,
      spec: { ports: [{ name: "https", port: 443, targetPort: METRICS_PORT }] },
    },
    {
      apiVersion: "discovery.k8s.io/v1",
      kind: "EndpointSlice",
      metadata: { ...metadata, labels: { "kubernetes.io/service-name": "metrics-server" } },
      addressType: "IPv4",
      ports: [{ name: "https", port: METRICS_PORT, protocol: "TCP" }],
      endpoints: [
        { addresses: [layout.nodeAddress], conditions: { ready: true }, nodeName: NODE_NAME },
      ],
    },
    {
      apiVersion: "apiregistration.k8s.io/v1",
      kind: "APIService",
      metadata: { name: "v1beta1.metrics.k8s.io" },
      spec: {
        group: "metrics.k8s.io",
        version: "v1beta1",
        groupPriorityMinimum: 100,
        versionPriority: 100,
        caBundle: Buffer.from(ca).toString("base64"),
        service: { name: "metrics-server", namespace: "kube-system" },
      },
    },
  ];
}

/** Configuration of the provisioner: one directory of the node, made and removed by the box image. */
export function renderProvisioner(volumes: string): string {
  return JSON.stringify({
    nodePathMap: [{ node: "DEFAULT_PATH_FOR_NON_LISTED_NODES", paths: [volumes] }],
    setupCommand: "/volume",
    teardownCommand: "/volume",
    cmdTimeoutSeconds: 60,
  });
}

/** Template of the pod that makes and removes a volume's directory. */
export function renderVolumePod(image: string): string {
  return JSON.stringify({
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "volume" },
    spec: { containers: [{ name: "volume", image, imagePullPolicy: "Never" }] },
  });
}
