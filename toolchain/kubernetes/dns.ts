import type { ApiObject } from "./api.ts";
import type { Layout } from "./layout.ts";
import { renderCorefile } from "./node-config.ts";
import { grant, READ, rule } from "./rbac.ts";
import { COREDNS_IMAGE } from "./versions.ts";

/** DNS runs in a pod, since policies allow it by the labels of that pod. */
export function dns(layout: Layout): readonly ApiObject[] {
  const labels = { "k8s-app": "kube-dns" };
  const metadata = { name: "coredns", namespace: "kube-system" };
  const account = { kind: "ServiceAccount", ...metadata };
  const port = (name: string, protocol: string): object => ({ name, port: 53, protocol });
  return [
    { apiVersion: "v1", kind: "ServiceAccount", metadata },
    ...grant("system:coredns", account, [
      rule("", ["endpoints", "services", "pods", "namespaces"], READ),
      rule("discovery.k8s.io", ["endpointslices"], READ),
    ]),
    { apiVersion: "v1", kind: "ConfigMap", metadata, data: { Corefile: renderCorefile() } },
    {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "kube-dns", namespace: "kube-system", labels },
      spec: {
        clusterIP: layout.dnsService,
        selector: labels,
        ports: [port("dns", "UDP"), port("dns-tcp", "TCP")],
      },
    },
    {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { ...metadata, labels },
      spec: {
        replicas: 1,
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: dnsPod() },
      },
    },
  ];
}

function dnsPod(): object {
  return {
    serviceAccountName: "coredns",
    priorityClassName: "system-cluster-critical",
    dnsPolicy: "Default",
    containers: [
      {
        name: "coredns",
        image: COREDNS_IMAGE,
        imagePullPolicy: "Never",
        args: ["-conf", "/etc/coredns/Corefile"],
        ports: [
          { name: "dns", containerPort: 53, protocol: "UDP" },
          { name: "dns-tcp", containerPort: 53, protocol: "TCP" },
        ],
        resources: { requests: { cpu: "10m", memory: "30Mi" }, limits: { memory: "170Mi" } },
        // Asked often at first only: a cluster is ready when its names are answered.
        startupProbe: {
          httpGet: { path: "/ready", port: 8181 },
          periodSeconds: 1,
          failureThreshold: 60,
        },
        readinessProbe: { httpGet: { path: "/ready", port: 8181 }, periodSeconds: 10 },
        livenessProbe: { httpGet: { path: "/health", port: 8080 }, periodSeconds: 10 },
        securityContext: {
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { add: ["NET_BIND_SERVICE"], drop: ["ALL"] },
        },
        volumeMounts: [{ name: "config", mountPath: "/etc/coredns", readOnly: true }],
      },
    ],
    volumes: [{ name: "config", configMap: { name: "coredns" } }],
  };
}
