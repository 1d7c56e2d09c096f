import { alertmanagerPort, prometheusPort } from "./prometheus.render.ts";
import * as pulumi from "@pulumi/pulumi";
import type { Image, Platform } from "../platform/platform.ts";
import { generatedPassword } from "../secrets.ts";
import {
  dashboardsPath,
  renderGrafanaDashboards,
  renderGrafanaDatasources,
} from "./grafana.render.ts";
import type { MonitoringSpec } from "./monitoring.schema.ts";
import { alertmanagerName, grafanaName, monitoringVolume, prometheusName } from "./names.ts";

export interface GrafanaArgs {
  readonly platform: Platform;
  readonly spec: MonitoringSpec["grafana"];
  /** Grafana's own image; it is not one of those that are built here. */
  readonly image: Image;
  /** Scrape interval of Prometheus. Seconds. */
  readonly scrapeIntervalSeconds: number;
  /**
   * File name, ending in `.json` -> dashboard.
   *
   * @default none
   */
  readonly dashboards?: Readonly<Record<string, string>>;
}

/** Grafana's image brings its own user 472; it owns the image's data directory, whatever the group. */
const user = "472:472";
/** Inside the container; that of the host is the fleet file's. */
const grafanaPort = 3000;
const secretsPath = "/run/secrets/fleet";

/**
 * Grafana, provisioned from files: data sources with fixed identities and read-only dashboards.
 *
 * Its image is in no package registry: these settings have not been run where no image registry is reachable.
 */
export class Grafana extends pulumi.ComponentResource {
  /** Host name on the network `obs`. */
  readonly address: pulumi.Output<string>;
  /** Console, on loopback. */
  readonly url: pulumi.Output<string>;
  /** Always secret. */
  readonly adminPassword: pulumi.Output<string>;
  readonly resource: pulumi.CustomResource;

  constructor(name: string, args: GrafanaArgs, opts?: pulumi.ComponentResourceOptions) {
    super("mcpfleet:monitoring:Grafana", name, {}, opts);
    const { platform, spec, image } = args;
    const parent = { parent: this };
    const published = { port: grafanaPort, hostIp: "127.0.0.1", hostPort: spec.port };
    const url = platform.urlOf(grafanaName, published);
    this.adminPassword = generatedPassword(`${name}-admin-password`, parent);
    const secrets = platform.files(
      `${grafanaName}-secrets`,
      {
        image,
        files: {
          "admin-password": this.adminPassword,
          // Encrypts what Grafana keeps in its database; its default is public.
          "secret-key": generatedPassword(`${name}-secret-key`, parent),
        },
      },
      parent,
    );
    const datasources = platform.files(
      `${grafanaName}-datasources`,
      {
        image,
        files: renderGrafanaDatasources({
          prometheus: platform.addressOf(prometheusName),
          alertmanager: platform.addressOf(alertmanagerName),
          scrapeIntervalSeconds: args.scrapeIntervalSeconds,
        }),
      },
      parent,
    );
    const dashboards = platform.files(
      `${grafanaName}-dashboards`,
      { image, files: renderGrafanaDashboards(args.dashboards ?? {}) },
      parent,
    );
    const workload = platform.workload(
      grafanaName,
      {
        component: grafanaName,
        image,
        env: grafanaEnv(spec, url),
        user,
        networks: ["edge", "obs"],
        calls: [{ network: "obs", ports: [prometheusPort, alertmanagerPort] }],
        publish: [published],
        mounts: [
          {
            source: platform.dataVolume(monitoringVolume(grafanaName), parent),
            path: "/var/lib/grafana",
          },
          { source: secrets, path: secretsPath },
          { source: datasources, path: "/etc/grafana/provisioning/datasources" },
          { source: dashboards, path: dashboardsPath },
        ],
        tmpfs: { "/tmp": 32 },
        memoryMb: spec.memoryMb,
        cpus: spec.cpus,
        health: {
          command: [
            "wget",
            "-q",
            "-T",
            "4",
            "-O",
            "/dev/null",
            `http://127.0.0.1:${grafanaPort}/api/health`,
          ],
          intervalSeconds: 10,
          timeoutSeconds: 5,
          retries: 3,
          // The first start migrates its database.
          startPeriodSeconds: 120,
        },
        stop: { signal: "SIGTERM", graceSeconds: 30 },
        strategy: "singleton",
      },
      parent,
    );
    this.address = workload.address;
    this.url = pulumi.output(url);
    this.resource = workload.resource;
    this.registerOutputs({
      address: this.address,
      url: this.url,
      adminPassword: this.adminPassword,
    });
  }
}

/** Settings by environment; secrets by files that Grafana's entry point reads. */
function grafanaEnv(spec: MonitoringSpec["grafana"], url: string): Record<string, string> {
  return {
    GF_SECURITY_ADMIN_USER: spec.adminUser,
    GF_SECURITY_ADMIN_PASSWORD__FILE: `${secretsPath}/admin-password`,
    GF_SECURITY_SECRET_KEY__FILE: `${secretsPath}/secret-key`,
    GF_SECURITY_DISABLE_GRAVATAR: "true",
    GF_SERVER_HTTP_PORT: String(grafanaPort),
    GF_SERVER_ROOT_URL: url,
    GF_LOG_MODE: "console",
    GF_AUTH_ANONYMOUS_ENABLED: "false",
    GF_USERS_ALLOW_SIGN_UP: "false",
    // Alerts live in Prometheus, where they are tested; a second set in here would not be.
    GF_UNIFIED_ALERTING_ENABLED: "false",
    // Nothing is sent or fetched: the same container runs where there is no way out.
    GF_ANALYTICS_REPORTING_ENABLED: "false",
    GF_ANALYTICS_CHECK_FOR_UPDATES: "false",
    GF_ANALYTICS_CHECK_FOR_PLUGIN_UPDATES: "false",
    GF_ANALYTICS_FEEDBACK_LINKS_ENABLED: "false",
    GF_NEWS_NEWS_FEED_ENABLED: "false",
    GF_PLUGINS_PREINSTALL_DISABLED: "true",
    GF_PLUGINS_PLUGIN_ADMIN_ENABLED: "false",
  };
}
