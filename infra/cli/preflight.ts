import { readStackFile, type FleetSpec, type StackSettings } from "../config/index.ts";
import { deployedPlace, placeIn, placeOf, type Place } from "../platforms/place.ts";
import { siteOf } from "../platforms/site-of.ts";
import type { Site } from "../platforms/site.ts";
import { readRecords, type StateRecord } from "../release/records.ts";
import type { CommandContext } from "./context.ts";
import { UserError } from "./exit-codes.ts";
import { prepareTools } from "./tools.ts";

/** Where the settings of the stack put it. */
export function askedPlace(context: Pick<CommandContext, "rootDir" | "stack">): Place {
  return placeOf(settingsOf(context), context.stack);
}

/** What the stack's file says of its place. */
export function settingsOf({
  rootDir,
  stack,
}: Pick<CommandContext, "rootDir" | "stack">): StackSettings {
  return readStackFile(rootDir, stack).settings;
}

/**
 * Where the objects of a stack are.
 *
 * @param resources of its state.
 * @throws UserError with the fix if there is no way to it.
 */
export async function siteOfState(
  context: CommandContext,
  resources: readonly StateRecord[],
): Promise<Site> {
  const kept = placeIn(readRecords(resources).journal);
  const place = deployedPlace(kept, askedPlace(context));
  return siteOf(place, context.stack).catch(asUserError);
}

/** `siteOfState`, and something answers there. @throws UserError with the fix if not. */
export async function requireSite(
  context: CommandContext,
  resources: readonly StateRecord[],
): Promise<Site> {
  const site = await siteOfState(context, resources);
  await site.ping().catch(asUserError);
  return site;
}

/**
 * Makes the tools ready, and refuses what the platform cannot run. A cluster is asked first: nobody waits for tools to
 * hear that it refuses. A Docker engine is one of the tools.
 */
export async function prepareFor(context: CommandContext, fleet: FleetSpec): Promise<void> {
  const isCluster = askedPlace(context).platform === "kubernetes";
  if (isCluster) await requireFit(context, fleet);
  await prepareTools(context, "pulumi", "docker", "images", "state");
  if (!isCluster) await requireFit(context, fleet);
}

/**
 * What would make the program refuse this platform, asked before the stack exists, so that a refused first `up` leaves
 * nothing behind. Whether Grafana can be had takes a question to the network: its port is left to the program.
 */
async function requireFit(context: CommandContext, fleet: FleetSpec): Promise<void> {
  const { kubernetes } = settingsOf(context);
  const site = await siteOf(askedPlace(context), context.stack, kubernetes).catch(asUserError);
  await site.ping().catch(asUserError);
  const grafana = fleet.monitoring.grafana.enabled === "yes";
  const { objection, warnings } = await site.fit(fleet, grafana);
  if (objection !== undefined) throw new UserError(objection);
  for (const warning of warnings) context.note(warning);
}

/**
 * Why no cluster can be asked about a stack on Kubernetes; undefined if one can, or the stack is on Docker.
 *
 * @throws UserError with the fix if settings and kubeconfig do not fit, or the cluster answers and refuses.
 */
export async function noClusterFor(context: CommandContext): Promise<string | undefined> {
  const place = askedPlace(context);
  if (place.platform === "docker") return undefined;
  try {
    const site = await siteOf(place, context.stack);
    await site.ping();
    return undefined;
  } catch (error) {
    if ((error as Error).name === "NoClusterError") return (error as Error).message;
    return asUserError(error as Error);
  }
}

function asUserError(error: Error): never {
  throw new UserError(error.message);
}
