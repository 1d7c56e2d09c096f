import * as pulumi from "@pulumi/pulumi";
import type { FleetSpec, StackSettings } from "./config/index.ts";
import { namedSecrets } from "./named-secrets.ts";
import {
  loadProgramConfig,
  programDatabasePassword,
  programReceivers,
  programTokens,
} from "./program-config.ts";
import { databaseObjection } from "./database-objection.ts";
import { Fleet } from "./fleet.ts";
import { prepareContexts } from "./image-contexts.ts";
import { monitoringObjection } from "./monitoring-objection.ts";
import {
  askedNeighbour,
  askedOfPlatform,
  existingMonitoring,
  showsDashboards,
} from "./platforms/asked.ts";
import { placeOf } from "./platforms/place.ts";
import { platformOf } from "./platforms/platform-of.ts";
import { siteOf } from "./platforms/site-of.ts";
import type { Site } from "./platforms/site.ts";
import { labelsOf } from "./previous-labels.ts";
import { builtImages, imageTag } from "./project-images.ts";
import { programHash } from "./program-hash.ts";
import { refusal } from "./refusal.ts";
import { openRelease } from "./open-release.ts";
import type { ResourceRecord } from "./release/deployment.ts";
import { readRecords } from "./release/records.ts";
import { startingPoint } from "./release/starting-point.ts";
import { rootDir } from "./root-dir.ts";
import { startSupervisor } from "./supervise.ts";

/** Entry point of `pulumi up`: configuration -> fleet -> stack outputs. */
export default async function program(): Promise<Record<string, unknown>> {
  const stack = pulumi.getStack();
  const { fleet: spec, settings } = loadProgramConfig();
  const named = await namedSecrets(settings, stack);
  const tokens = programTokens(spec, named.tokens);
  const receivers = programReceivers(spec, named.receivers);
  const databasePassword = programDatabasePassword(spec, named.databasePassword);

  const site = await reached(settings, stack);
  const dryRun = pulumi.runtime.isDryRun();
  const [start, contextOf, baseImage, grafana] = await Promise.all([
    startingPoint(stack, { dryRun, supervise: startSupervisor }),
    prepareContexts(rootDir),
    site.baseImage(settings.baseImage),
    site.wantsGrafana(spec),
  ]);
  const { objection, warnings } = await site.fit(spec, grafana);
  if (objection !== undefined) throw refusal(objection);
  for (const warning of warnings) await pulumi.log.warn(warning);

  const existing = existingMonitoring(settings) !== undefined;
  const dashboards = showsDashboards(settings, grafana) ? await dashboardsOf(spec, existing) : {};

  const resources = start.deployment?.resources ?? [];
  const leftBehind = databaseObjection(spec.postgres, site.dataVolumes(resources), stack);
  if (leftBehind !== undefined) throw refusal(leftBehind);
  const kept = monitoringObjection(existing, resources, stack);
  if (kept !== undefined) throw refusal(kept);
  await removeLeftovers(site, resources, { dryRun });

  const sources = { rootDir, contextOf, baseImage };
  const images = builtImages.map((image) => imageTag(image, sources));
  const { identity, gates, setSecrets, finish } = await openRelease(start.deployment, {
    dryRun,
    site,
    spec,
    neighbour: askedNeighbour(settings, site.place),
    parts: {
      open: { spec, images, grafana, program: programHash(rootDir), ...askedOfPlatform(settings) },
      secret: { tokens, receivers, databasePassword },
    },
    tell: start.tell,
  });
  const { release, transaction, lineage } = identity;

  const platform = await platformOf({
    place: site.place,
    identity: { stack, release, transaction, lineage, previous: labelsOf(resources) },
    ...{ settings, spec, sources },
  });
  const fleet = new Fleet(spec.name, {
    platform,
    spec,
    grafana,
    dashboards,
    gates,
    receivers,
    databasePassword,
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
    prometheusUrl: fleet.monitoring.prometheusUrl,
    ...(platform.neighbours?.prometheus && { prometheusScope: platform.neighbours.scope }),
    alertmanagerUrl: fleet.monitoring.alertmanagerUrl ?? null,
    grafanaUrl: fleet.monitoring.grafanaUrl ?? null,
  };
}

async function reached(settings: StackSettings, stack: string): Promise<Site> {
  try {
    const site = await siteOf(placeOf(settings, stack), stack, settings.kubernetes);
    await site.ping();
    return site;
  } catch (error) {
    throw refusal((error as Error).message);
  }
}

/** Refuses dashboards that Grafana could not show, while nothing is registered yet. Loaded only where it runs. */
async function dashboardsOf(spec: FleetSpec, elsewhere: boolean): Promise<Record<string, string>> {
  const { renderDashboards } =
    await import("../components/monitoring/dashboards/fleet-dashboards.ts");
  try {
    return renderDashboards(spec.monitoring, elsewhere);
  } catch (error) {
    throw refusal((error as Error).message);
  }
}

/**
 * An interrupted run may have made objects that it could not record; their names would be in the way. What another state
 * made is refused.
 */
async function removeLeftovers(
  site: Site,
  resources: readonly ResourceRecord[],
  { dryRun }: { readonly dryRun: boolean },
): Promise<void> {
  const { journal } = readRecords(resources);
  const { orphans, foreign } = await site.findUnknown(resources, journal?.lineage);
  const objection = site.foreignObjection(foreign);
  if (objection !== undefined) throw refusal(objection);
  // In an update the engine holds the stack's lock: no other run can be making these objects now.
  if (dryRun || orphans.length === 0) return;
  await site.removeOrphans(orphans);
  const list = orphans.map(({ kind, name }) => `${kind} ${name}`).join(", ");
  await pulumi.log.info(`an interrupted run left ${list}; removed`);
}
