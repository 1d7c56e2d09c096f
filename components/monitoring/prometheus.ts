import * as pulumi from "@pulumi/pulumi";
import type { Platform, Workload } from "../platform/platform.ts";
import { users } from "../platform/users.ts";
import type { MonitoringSpec } from "./monitoring.schema.ts";
import { alertmanagerName, prometheusName } from "./names.ts";
import { consoleWorkload } from "./console.ts";
import { alertmanagerPort, prometheusPort, renderPrometheus } from "./prometheus.render.ts";
import { renderRuleFiles, versionFile } from "./rule-files.render.ts";
import { giveRules } from "./shared-rules.ts";
import type { ScrapeTarget, Whereabouts } from "./scrape-target.ts";

export interface PrometheusArgs {
  readonly platform: Platform;
  readonly spec: MonitoringSpec;
  /** Label on every alert. */
  readonly fleet: string;
  /** Label on every alert. */
  readonly environment: string;
  /** Everything but Prometheus and Alertmanager themselves. */
  readonly targets: readonly ScrapeTarget<pulumi.Input<Whereabouts>>[];
}

/** Type of the component. */
export const prometheusToken = "mcpfleet:monitoring:Prometheus";

const configPath = "/etc/prometheus";
const dataPath = "/prometheus";

/**
 * Prometheus on a volume that outlives every release. Changed targets and rules are judged by promtool in the running
 * container, then reloaded; only another image, size or retention replaces it.
 */
export class Prometheus extends pulumi.ComponentResource {
  /** Host name on the network `obs`. */
  readonly address: pulumi.Output<string>;
  /** Console, on loopback. */
  readonly url: pulumi.Output<string>;
  readonly resource: pulumi.CustomResource;

  constructor(name: string, args: PrometheusArgs, opts?: pulumi.ComponentResourceOptions) {
    super(prometheusToken, name, {}, opts);
    const { platform } = args;
    const spec = args.spec.prometheus;
    const files = pulumi.all(args.targets.map(resolveTarget)).apply((targets) =>
      renderPrometheus({
        fleet: args.fleet,
        environment: args.environment,
        spec: args.spec,
        targets,
        alertmanager: platform.addressOf(alertmanagerName),
      }),
    );
    const { workload, url } = consoleWorkload(
      platform,
      {
        name: prometheusName,
        image: platform.image("prometheus", spec.image),
        user: users.prometheus,
        port: prometheusPort,
        calls: [
          {
            network: "obs",
            ports: [...args.targets.map((target) => target.port), alertmanagerPort, prometheusPort],
          },
        ],
        discovers: true,
        spec,
        files,
        configPath,
        dataPath,
        command: (address) => prometheusCommand(spec, address),
        // The write-ahead log is read again after a crash.
        startPeriodSeconds: 120,
      },
      { parent: this },
    );
    if (platform.neighbours) {
      const version = files.apply((all) => all[versionFile]!);
      giveRules(
        platform.neighbours,
        { ...renderRuleFiles(args), [versionFile]: version },
        { parent: this },
      );
    }
    this.address = workload.address;
    this.url = pulumi.output(url);
    this.resource = workload.resource;
    this.registerOutputs({ address: this.address, url: this.url });
  }
}

/** Where Prometheus scrapes the copies of a workload. */
export function whereaboutsOf({
  address,
  endpoints,
  discovery,
}: Pick<Workload, "address" | "endpoints" | "discovery">): pulumi.Output<Whereabouts> {
  if (discovery === undefined) return address;
  return pulumi.all([discovery, endpoints]).apply(([found, hosts]) => ({
    discovery: found,
    // Without names of their own the copies share an address, behind which is any of them.
    expected: found.domain === undefined ? [] : hosts,
  }));
}

/** Arguments of the image's entry point. There is no HTTP lifecycle API: whoever reaches the console cannot stop it. */
export function prometheusCommand(spec: MonitoringSpec["prometheus"], url: string): string[] {
  // A sample in a query takes 16 bytes; one query may take a quarter of the memory.
  const maxSamples = Math.floor((spec.memoryMb * 1_048_576) / 4 / 16);
  return [
    `--config.file=${configPath}/current/prometheus.yml`,
    `--storage.tsdb.path=${dataPath}`,
    `--storage.tsdb.retention.time=${spec.retentionDays}d`,
    `--web.listen-address=:${prometheusPort}`,
    `--web.external-url=${url}`,
    `--query.max-samples=${maxSamples}`,
  ];
}

function resolveTarget(
  target: ScrapeTarget<pulumi.Input<Whereabouts>>,
): pulumi.Output<ScrapeTarget> {
  return pulumi.output(target.address).apply((address) => ({ ...target, address }));
}
