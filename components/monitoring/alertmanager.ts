import * as pulumi from "@pulumi/pulumi";
import type { Platform } from "../platform/platform.ts";
import { users } from "../platform/users.ts";
import { renderAlertmanager } from "./alertmanager.render.ts";
import { goRuntimeEnv } from "./go-runtime.ts";
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
    const parent = { parent: this };
    const image = platform.image("alertmanager", spec.image);
    const url = `http://127.0.0.1:${spec.port}`;
    const config = platform.liveFiles(
      `${alertmanagerName}-config`,
      {
        image,
        files: renderAlertmanager(),
        reader: alertmanagerName,
        owner: users.alertmanager,
        check: ["alertmanager-ctl", "check", "{dir}"],
        reload: ["alertmanager-ctl", "reload"],
        verify: ["alertmanager-ctl", "verify"],
        mountPath: configPath,
      },
      parent,
    );
    const data = platform.dataVolume(`${alertmanagerName}-data`, parent);
    const workload = platform.workload(
      alertmanagerName,
      {
        component: alertmanagerName,
        image,
        command: [
          `--config.file=${configPath}/current/alertmanager.yml`,
          `--storage.path=${dataPath}`,
          `--web.listen-address=:${alertmanagerPort}`,
          `--web.external-url=${url}`,
          // One instance: no gossip, and no port for it.
          "--cluster.listen-address=",
        ],
        env: goRuntimeEnv(spec),
        user: users.alertmanager,
        networks: ["edge", "obs"],
        publish: [{ port: alertmanagerPort, hostIp: "127.0.0.1", hostPort: spec.port }],
        mounts: [
          { source: data, path: dataPath },
          { source: config, path: configPath },
        ],
        tmpfs: { "/tmp": 16 },
        memoryMb: spec.memoryMb,
        cpus: spec.cpus,
        health: {
          command: ["alertmanager-ctl", "health"],
          intervalSeconds: 10,
          timeoutSeconds: 5,
          retries: 3,
          startPeriodSeconds: 20,
        },
        // Silences are written to disk on the way out.
        stop: { signal: "SIGTERM", graceSeconds: 60 },
        strategy: "singleton",
      },
      parent,
    );
    this.address = workload.address;
    this.url = pulumi.output(url);
    this.resource = workload.resource;
    this.registerOutputs({ address: this.address, url: this.url });
  }
}
