import { z } from "zod";
import { imageReference, slug } from "../../shared.schema.ts";

/** Names of objects: RFC 1123 label, as the API server checks them. */
export const objectName = z.string().regex(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/, {
  error: "1 to 63 lower-case letters, digits and dashes, no dash at either end",
});
const part = "[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?";
const dnsName = "[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)*";
/** Keys of labels and annotations, as the API server checks them. */
const metadataKey = z.string().regex(new RegExp(`^(${dnsName}/)?${part}$`), {
  error:
    "a name of at most 63 letters, digits, dashes, dots and underscores, with a DNS name and / before it if need be",
});
const labelValue = z.string().regex(new RegExp(`^(${part})?$`), {
  error: "at most 63 letters, digits, dashes, dots and underscores",
});
const annotations = z.record(metadataKey, z.string());
/** One value of a Secret in the stack's namespace that somebody else keeps. */
const secretValue = z.strictObject({
  name: z
    .string()
    .max(253, { error: "at most 253 characters" })
    .regex(new RegExp(`^${dnsName}$`), {
      error: "a Secret's name: lower-case letters, digits, dashes and dots",
    })
    .describe("Name of the Secret."),
  key: z
    .string()
    .regex(/^[-._A-Za-z0-9]{1,253}$/, { error: "letters, digits, dashes, dots and underscores" })
    .describe("Key in it."),
});
export type SecretValue = z.output<typeof secretValue>;
/** Labels by which somebody else selects objects of the stack. */
const selectedBy = z.record(
  metadataKey.regex(/^(?!mcp-fleet\/)/, {
    error: "a name without mcp-fleet/, which the stack sets",
  }),
  labelValue,
);
/** Prefix of images that nobody pulls: they are brought to the nodes by hand. */
export const noRegistry = "mcp-fleet";

/** Monitoring of the cluster that serves in place of the fleet's own. */
const existingMonitoring = z.strictObject({
  prometheus: z
    .strictObject({
      service: objectName.describe("Its Service, as in kube-prometheus-stack-prometheus."),
      namespace: objectName.describe("Namespace of that Service."),
      port: z
        .int()
        .min(1)
        .max(65_535)
        .default(9090)
        .describe("Port of that Service; plain HTTP, without a login."),
    })
    .describe("Where gates, `fleet health` and `fleet dashboards` ask it, by port-forward."),
  labels: selectedBy
    .default({})
    .describe(
      "Labels by which its operator selects PodMonitors and, unless prometheusRules has its own, rules.",
    ),
  scraper: z
    .strictObject({
      namespace: objectName.optional().describe("Default: that of the Service."),
      podLabels: z
        .record(metadataKey, labelValue)
        .refine((labels) => Object.keys(labels).length > 0, {
          error: "at least one label, or every pod of that namespace could call the fleet",
        })
        .default({ "app.kubernetes.io/name": "prometheus" })
        .describe("Labels of its pods."),
    })
    .prefault({})
    .describe("Pods that may call the fleet's metrics."),
});
export type ExistingMonitoring = z.output<typeof existingMonitoring>;
/** What the name of a pod leaves of the 253 characters of DNS: two names of servers, numbers, and the namespace. */
const longestDomain = 84;
const gibibytes = (fallback: number) => z.int().min(1).max(65_536).default(fallback);

/** Setting `kubernetes` of a stack: what the cluster decides, not the fleet. */
export const kubernetesSchema = z
  .strictObject({
    context: z
      .string()
      .min(1)
      .optional()
      .describe("Context of the kubeconfig; default: its current one."),
    kubeconfig: z
      .string()
      .min(1)
      .optional()
      .describe("Path of the kubeconfig. Default: KUBECONFIG, else ~/.kube/config."),
    namespace: objectName
      .optional()
      .describe("Namespace of the stack, made and owned by it. Default: mcp-fleet-<stack>."),
    clusterDomain: z
      .string()
      .regex(new RegExp(`^${dnsName}$`), { error: "a DNS name, as in cluster.local" })
      .max(longestDomain, {
        error: `at most ${longestDomain} characters, so that names of pods stay below the 253 of DNS`,
      })
      .default("cluster.local")
      .describe("DNS domain of the cluster."),
    apiServer: z
      .strictObject({
        cidrs: z
          .array(
            z.union([z.cidrv4(), z.cidrv6()], { error: "an address block, as in 10.0.0.1/32" }),
          )
          .min(1)
          .describe("Its addresses: of its Service and of what is behind that."),
        ports: z
          .array(z.int().min(1).max(65_535))
          .min(1)
          .default([443, 6443])
          .describe("Its ports."),
      })
      .optional()
      .describe(
        "Where Prometheus may reach the API server. Default: as the cluster says at each release; if it may not be asked, every address on 443 and 6443.",
      ),
    replicas: z.int().min(1).max(100).default(2).describe("Pods of each MCP server."),
    autoscaling: z
      .strictObject({
        maxReplicas: z.int().min(2).max(100).describe("Pods of each MCP server, at most."),
        cpuPercent: z
          .int()
          .min(10)
          .max(95)
          .default(70)
          .describe("Mean use of the requested CPU that the autoscaler aims at."),
      })
      .optional()
      .describe("Default: the number of pods stays as it is set."),
    gateway: z
      .strictObject({
        replicas: z.int().min(1).max(20).default(2).describe("Pods of the gateway."),
        service: z
          .enum(["ClusterIP", "NodePort", "LoadBalancer"], {
            error: "ClusterIP, NodePort or LoadBalancer",
          })
          .default("ClusterIP")
          .describe("How the gateway's Service is offered."),
        annotations: annotations
          .default({})
          .describe("Of the gateway's Service, as load balancers of clouds want them."),
        ingress: z
          .strictObject({
            host: z
              .string()
              .regex(new RegExp(`^${dnsName}$`), {
                error: "a host name without scheme, port and path, as in mcp.example.com",
              })
              .max(253, { error: "at most 253 characters" })
              .describe("Host name that clients use."),
            className: objectName.optional().describe("Default: the cluster's default class."),
            tlsSecret: objectName.optional().describe("Secret with the certificate."),
            annotations: annotations.default({}).describe("As for cert-manager."),
          })
          .optional()
          .describe("Default: none."),
      })
      .prefault({}),
    storage: z
      .strictObject({
        className: objectName.optional().describe("Default: the cluster's default class."),
        postgresGi: gibibytes(20).describe("GiB of the database."),
        monitoringGi: gibibytes(10).describe("GiB of Prometheus, and of Alertmanager."),
      })
      .prefault({}),
    images: z
      .strictObject({
        registry: z
          .string()
          .regex(/^[a-z0-9][a-z0-9.:/_-]*[a-z0-9]$/, {
            error: "a registry and path without a tag, as in registry.example.com/mcp",
          })
          .default(noRegistry)
          .describe("Where the nodes find the images of the project: <registry>/<image>:<tag>."),
        references: z
          .record(z.string(), imageReference)
          .default({})
          .describe("Image of the project -> whole reference, as with a digest."),
        pullSecret: objectName.optional().describe("Secret in the namespace with registry logins."),
      })
      .prefault({}),
    secrets: z
      .strictObject({
        databasePassword: secretValue
          .optional()
          .describe("Of the owner of `postgres.external`. Default: `mcp-fleet:databasePassword`."),
        tokens: z
          .record(
            slug,
            z.strictObject({
              primary: secretValue.optional().describe("Default: generated."),
              backup: secretValue.optional().describe("Default: generated."),
            }),
          )
          .default({})
          .describe("Client of the gateway -> its bearer tokens."),
        receivers: z
          .record(z.string(), secretValue)
          .default({})
          .describe("Receiver of alerts -> its address, key or password."),
      })
      .prefault({})
      .describe(
        "Secrets of the namespace that are read at each deployment, in place of the stack's own.",
      ),
    cpuRequestPercent: z
      .int()
      .min(1)
      .max(100)
      .default(10)
      .describe("Share of its CPU limit that a pod asks the scheduler for."),
    nodeSelector: z
      .record(metadataKey, labelValue)
      .default({})
      .describe("Labels of the nodes that may run the fleet."),
    monitoring: z
      .strictObject({
        existing: existingMonitoring
          .optional()
          .describe(
            "A Prometheus of the cluster, run by the Prometheus operator, in place of the fleet's Prometheus, Alertmanager and Grafana: it scrapes by PodMonitors and has the fleet's rules, with prometheusRules or without. Default: the fleet has its own.",
          ),
        prometheusRules: z
          .strictObject({
            labels: selectedBy
              .default({})
              .describe("Labels that the operator's Prometheus wants, as in release: monitoring."),
          })
          .optional()
          .describe(
            "Rules as PrometheusRule objects too, for a Prometheus operator. Default: none.",
          ),
        dashboards: z
          .strictObject({
            labels: selectedBy
              .default({ grafana_dashboard: "1" })
              .describe("Labels by which the sidecar of that Grafana finds dashboards."),
            annotations: annotations
              .default({})
              .describe("As in grafana_folder: MCP fleet, where the sidecar reads that."),
          })
          .optional()
          .describe("Dashboards as ConfigMaps too, for a Grafana of the cluster. Default: none."),
      })
      .prefault({})
      .describe("What monitoring of the cluster is given."),
    priorityClassName: objectName.optional().describe("Default: the cluster's default priority."),
  })
  .superRefine(({ replicas, autoscaling }, context) => {
    // The gateway knows the pods up to maxReplicas: it would leave out those above.
    if (autoscaling === undefined || autoscaling.maxReplicas >= replicas) return;
    context.addIssue({
      code: "custom",
      path: ["autoscaling", "maxReplicas"],
      message: `at least kubernetes.replicas, ${replicas}; raise it or lower replicas`,
    });
  })
  .describe("What the cluster decides; platform kubernetes only.");

export type KubernetesSettings = z.output<typeof kubernetesSchema>;
