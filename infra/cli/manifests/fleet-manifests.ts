import * as pulumi from "@pulumi/pulumi";
import { KubernetesPlatform } from "../../../components/platform/kubernetes/kubernetes-platform.ts";
import { renderDashboards } from "../../../components/monitoring/dashboards/fleet-dashboards.ts";
import { receiversWithSecret } from "../../../components/monitoring/receivers.ts";
import type { FleetSpec, StackSettings } from "../../config/index.ts";
import { Fleet } from "../../fleet.ts";
import { beforeOf, handoverTo } from "../../handover.ts";
import { prepareContexts } from "../../image-contexts.ts";
import { officialBaseImage } from "../../platforms/kubernetes/base-image.ts";
import { askedOfPlatform, existingMonitoring, showsDashboards } from "../../platforms/asked.ts";
import { placeOf, type KubernetesPlace } from "../../platforms/place.ts";
import { labelsOf } from "../../previous-labels.ts";
import { programDatabasePassword, programReceivers, programTokens } from "../../program-config.ts";
import { programHash } from "../../program-hash.ts";
import { builtImages, imageTag } from "../../project-images.ts";
import { releaseName } from "../../release-name.ts";
import type { Deployment } from "../../release/deployment.ts";
import { readRecords } from "../../release/records.ts";
import { apiServerIn } from "./api-server.ts";
import { deployedOf, keyOf } from "./deployed.ts";
import { withheld } from "./manifest.ts";
import { runProgram, type Planned } from "./run-program.ts";

export interface FleetManifestsOptions {
  readonly rootDir: string;
  readonly stack: string;
  readonly fleet: FleetSpec;
  readonly settings: StackSettings;
  /** The last release, with its secrets open; null if there is none or nothing is known of it. */
  readonly deployment: Deployment | null;
  /**
   * Settings of the stack with secrets in clear.
   *
   * @default - they are not known: what would be in files is left open
   */
  readonly config?: Readonly<Record<string, string>>;
}

/** Stand where only a run of the transaction knows better. */
const unknown = { transaction: "t-preview", lineage: "preview" };

/** Everything that a fleet would have in a cluster, by the program that deploys it, without asking a cluster. */
export async function planFleet(options: FleetManifestsOptions): Promise<Planned[]> {
  const { rootDir, stack, fleet: spec, settings, deployment, config } = options;
  const deployed = deployedOf(deployment);
  const sources = {
    rootDir,
    contextOf: await prepareContexts(rootDir),
    baseImage: settings.baseImage ?? officialBaseImage,
  };
  const resources = deployment?.resources ?? [];
  const records = readRecords(resources);
  const existing = existingMonitoring(settings) !== undefined;
  const grafana = !existing && wantsGrafana(spec, deployed.resources, deployment !== null);
  const run = { project: "mcp-fleet", stack, deployed, config: config ?? {} };
  return runProgram(run, () => {
    const tokens = config && programTokens(spec);
    const receivers = {
      ...withheldReceivers(spec),
      ...(config && programReceivers(spec, unread(settings.kubernetes.secrets.receivers))),
    };
    const databasePassword = config && programDatabasePassword(spec);
    const images = builtImages.map((image) => imageTag(image, sources));
    const program = programHash(rootDir);
    const parts = {
      open: { spec, images, grafana, program, ...askedOfPlatform(settings) },
      secret: { tokens, receivers, databasePassword },
    };
    const release = releaseName(parts, stack);
    const place = placeOf(settings, stack) as KubernetesPlace;
    const { again, handover } = handoverTo(release, records, place);
    const identity = {
      transaction: again ? records.journal!.transaction : unknown.transaction,
      lineage: records.journal?.lineage ?? unknown.lineage,
    };
    const platform = new KubernetesPlatform("platform", {
      identity: { stack, release, ...identity, previous: labelsOf(resources) },
      place,
      settings: settings.kubernetes,
      apiServer: apiServerIn(settings.kubernetes, deployed),
      tagOf: (image) => imageTag(image, sources),
    });
    const gate = (name: string) => () => new pulumi.ComponentResource("mcpfleet:index:Gate", name);
    new Fleet(spec.name, {
      ...{ platform, spec, grafana, receivers, databasePassword },
      dashboards: showsDashboards(settings, grafana)
        ? renderDashboards(spec.monitoring, existing)
        : {},
      ...(tokens && { tokens }),
      gates: {
        before: beforeOf(handover),
        firstStep: deployment ? (spec.rollout.steps[0] ?? 100) : 100,
        private: gate("private"),
        public: gate("public"),
      },
    });
  });
}

/** Whether its image can be had is a question to the cluster: what is there stays, and a new stack is shown with it. */
function wantsGrafana(
  { monitoring: { grafana } }: FleetSpec,
  deployed: ReadonlyMap<string, unknown>,
  isDeployed: boolean,
): boolean {
  if (grafana.enabled !== "auto") return grafana.enabled === "yes";
  return !isDeployed || deployed.has(keyOf("kubernetes:apps/v1:StatefulSet", "grafana"));
}

function withheldReceivers({ monitoring }: FleetSpec): Record<string, string> {
  const needed = receiversWithSecret(monitoring.alertmanager);
  return Object.fromEntries(needed.map(({ name }) => [name, withheld]));
}

/** Values that only the cluster knows. */
function unread(named: object): Record<string, undefined> {
  return Object.fromEntries(Object.keys(named).map((name) => [name, undefined]));
}
