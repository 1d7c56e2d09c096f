import "./cheap-stack-traces.ts";
import * as pulumi from "@pulumi/pulumi";
import { DockerPlatform } from "../components/platform/docker/docker-platform.ts";
import { contentTag } from "../components/platform/docker/images.ts";
import type { ImageName } from "../components/platform/platform.ts";
import type { FleetSpec } from "./config/index.ts";
import { loadProgramConfig, programReceivers, programTokens } from "./program-config.ts";
import { Engine } from "./engine.ts";
import { Fleet } from "./fleet.ts";
import { prepareContexts } from "./image-contexts.ts";
import { findUnknown, foreignObjection, removeOrphans } from "./orphans.ts";
import { previousState, type PreviousState } from "./previous-state.ts";
import { programHash } from "./program-hash.ts";
import { refusal } from "./refusal.ts";
import { openRelease } from "./open-release.ts";
import { startingPoint } from "./release/starting-point.ts";
import { rootDir } from "./root-dir.ts";
import { startSupervisor } from "./supervise.ts";

/** Images that are built here; their content is part of what a release is. */
const builtImages: readonly ImageName[] = [
  "postgres",
  "pgbouncer",
  "haproxy",
  "prometheus",
  "alertmanager",
  "postgres-exporter",
  "pgbouncer-exporter",
  "mcp-server",
];

/** Entry point of `pulumi up`: configuration -> fleet -> stack outputs. */
export default async function program(): Promise<Record<string, unknown>> {
  const stack = pulumi.getStack();
  const { fleet: spec, settings } = loadProgramConfig();
  const tokens = programTokens(spec);
  const receivers = programReceivers(spec);

  const engine = new Engine();
  await engine.ping().catch((error: Error) => {
    throw refusal(error.message);
  });
  const dryRun = pulumi.runtime.isDryRun();
  const [start, contextOf, baseImage, grafana] = await Promise.all([
    startingPoint(stack, { dryRun, supervise: startSupervisor }),
    prepareContexts(rootDir),
    engine.baseImage(settings.baseImage),
    engine.wantsGrafana(spec),
  ]);
  const objection = await engine.objection(spec, stack, grafana);
  if (objection !== undefined) throw refusal(objection);

  const dashboards = grafana ? await dashboardsOf(spec) : {};

  const previous = previousState(start.deployment?.resources ?? []);
  await removeLeftovers(stack, previous, { dryRun });

  const images = builtImages.map((image) =>
    contentTag(`${rootDir}/${contextOf(image)}`, baseImage),
  );
  const { identity, gates, setSecrets, finish } = await openRelease(start.deployment, {
    dryRun,
    spec,
    parts: {
      spec,
      images,
      grafana,
      tokens: tokens ?? null,
      receivers,
      program: programHash(rootDir),
    },
    tell: start.tell,
  });
  const { release, transaction, lineage } = identity;

  const platform = new DockerPlatform("platform", {
    identity: { stack, release, transaction, lineage, previous: previous.labels },
    rootDir,
    contextOf,
    baseImage,
    log: spec.logging,
  });
  const fleet = new Fleet(spec.name, {
    platform,
    spec,
    grafana,
    dashboards,
    gates,
    receivers,
    ...(tokens && { tokens }),
  });
  setSecrets(fleet.secret);
  finish();
  return {
    release,
    transaction,
    gatewayUrl: fleet.gateway.url,
    servers: fleet.gateway.serverUrls,
    clientConfig: JSON.parse(fleet.gateway.clientConfig) as unknown,
    tokens: fleet.gateway.tokens,
    prometheusUrl: fleet.prometheus.url,
    alertmanagerUrl: fleet.alertmanager.url,
    grafanaUrl: fleet.grafana?.url ?? null,
  };
}

/** Refuses dashboards that Grafana could not show, while nothing is registered yet. Loaded only where it runs. */
async function dashboardsOf(spec: FleetSpec): Promise<Record<string, string>> {
  const { renderDashboards } =
    await import("../components/monitoring/dashboards/fleet-dashboards.ts");
  try {
    return renderDashboards(spec.monitoring);
  } catch (error) {
    throw refusal((error as Error).message);
  }
}

/**
 * An interrupted run may have made objects that it could not record; their names would be in the way. What another state
 * made is refused.
 */
async function removeLeftovers(
  stack: string,
  { known, lineage }: PreviousState,
  { dryRun }: { readonly dryRun: boolean },
): Promise<void> {
  const { orphans, foreign } = await findUnknown(stack, known, lineage);
  const objection = foreignObjection(stack, foreign);
  if (objection !== undefined) throw refusal(objection);
  // In an update the engine holds the stack's lock: no other run can be making these objects now.
  if (dryRun || orphans.length === 0) return;
  await removeOrphans(orphans);
  const list = orphans.map(({ kind, name }) => `${kind} ${name}`).join(", ");
  await pulumi.log.info(`an interrupted run left ${list}; removed`);
}
