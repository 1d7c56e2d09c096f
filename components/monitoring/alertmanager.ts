import * as pulumi from "@pulumi/pulumi";
import type { Platform } from "../platform/platform.ts";
import { users } from "../platform/users.ts";
import { renderAlertmanager } from "./alertmanager.render.ts";
import { consoleWorkload } from "./console.ts";
import type { MonitoringSpec } from "./monitoring.schema.ts";
import { alertmanagerPort } from "./prometheus.render.ts";

export interface AlertmanagerArgs {
  readonly platform: Platform;
  readonly spec: MonitoringSpec["alertmanager"];
}

/** Logical name of the workload; its address derives from it. */
export const alertmanagerName = "alertmanager";

const configPath = "/etc/alertmanager";
const dataPath = "/alertmanager";

/** Alertmanager; its volume holds silences and what was already sent. Routes change by a reload. */
export class Alertmanager extends pulumi.ComponentResource {
  /** Host name on the network `obs`. */
  readonly address: pulumi.Output<string>;
  /** Console, on loopback. */
  readonly url: pulumi.Output<string>;
  readonly resource: pulumi.CustomResource;

  constructor(name: string, args: AlertmanagerArgs, opts?: pulumi.ComponentResourceOptions) {
    super("mcpfleet:monitoring:Alertmanager", name, {}, opts);
    const { platform, spec } = args;
    const { workload, url } = consoleWorkload(
      platform,
      {
        name: alertmanagerName,
        image: platform.image("alertmanager", spec.image),
        user: users.alertmanager,
        port: alertmanagerPort,
        spec,
        files: renderAlertmanager(),
        configPath,
        dataPath,
        command: (address) => [
          `--config.file=${configPath}/current/alertmanager.yml`,
          `--storage.path=${dataPath}`,
          `--web.listen-address=:${alertmanagerPort}`,
          `--web.external-url=${address}`,
          // One instance: no gossip, and no port for it.
          "--cluster.listen-address=",
        ],
        startPeriodSeconds: 20,
      },
      { parent: this },
    );
    this.address = workload.address;
    this.url = pulumi.output(url);
    this.resource = workload.resource;
    this.registerOutputs({ address: this.address, url: this.url });
  }
}
