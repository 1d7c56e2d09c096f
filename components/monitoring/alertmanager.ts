import * as pulumi from "@pulumi/pulumi";
import type { Platform } from "../platform/platform.ts";
import { users } from "../platform/users.ts";
import { alertmanagerConfigPath, renderAlertmanager } from "./alertmanager.render.ts";
import { consoleWorkload } from "./console.ts";
import type { MonitoringSpec } from "./monitoring.schema.ts";
import { alertmanagerName } from "./names.ts";
import { alertmanagerPort } from "./prometheus.render.ts";
import type { AlertmanagerSpec } from "./alertmanager.schema.ts";
import { receiversWithSecret, secretFile } from "./receivers.ts";

export interface AlertmanagerArgs {
  readonly platform: Platform;
  readonly spec: MonitoringSpec;
  /** Secret of each receiver that needs one: an address, a key or a password. Default: none. */
  readonly receivers?: ReceiverSecrets;
}

/** Name of a receiver -> its secret. */
export type ReceiverSecrets = Readonly<Record<string, pulumi.Input<string>>>;

const configPath = alertmanagerConfigPath;
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
    const { platform } = args;
    const spec = args.spec.alertmanager;
    const { workload, url } = consoleWorkload(
      platform,
      {
        name: alertmanagerName,
        image: platform.image("alertmanager", spec.image),
        user: users.alertmanager,
        port: alertmanagerPort,
        calls: spec.receivers.length > 0 ? [{ network: "edge" }] : [],
        spec,
        files: {
          ...renderAlertmanager(args.spec),
          ...secretFiles(spec, args.receivers ?? {}),
        },
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

/** Whoever reads the configuration has refused receivers without their secret. */
function secretFiles(spec: AlertmanagerSpec, secrets: ReceiverSecrets) {
  return Object.fromEntries(
    receiversWithSecret(spec).flatMap(({ name }) => {
      const secret = secrets[name];
      return secret === undefined ? [] : [[secretFile(name), pulumi.secret(secret)]];
    }),
  );
}
