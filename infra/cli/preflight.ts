import { readStackFile, type FleetSpec, type StackSettings } from "../config/index.ts";
import { deployedPlace, placeIn, placeOf, type Place } from "../platforms/place.ts";
import { siteOf } from "../platforms/site-of.ts";
import type { Site } from "../platforms/site.ts";
import { readRecords, type StateRecord } from "../release/records.ts";
import type { CommandContext } from "./context.ts";
import { UserError } from "./exit-codes.ts";

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
 * What would make the program refuse this platform, asked before the stack exists, so that a refused first `up` leaves
 * nothing behind. Whether Grafana can be had takes a question to the network: its port is left to the program.
 */
export async function requireFit(context: CommandContext, fleet: FleetSpec): Promise<void> {
  const { kubernetes } = settingsOf(context);
  const site = await siteOf(askedPlace(context), context.stack, kubernetes).catch(asUserError);
  await site.ping().catch(asUserError);
  const grafana = fleet.monitoring.grafana.enabled === "yes";
  const objection = await site.objection(fleet, grafana);
  if (objection !== undefined) throw new UserError(objection);
}

/**
 * Why no cluster can be asked about a stack on Kubernetes; undefined if one can, or the stack is on Docker. A cluster that
 * answers and refuses is none of this: `requireFit` says what to do about it.
 */
export async function noClusterFor(context: CommandContext): Promise<string | undefined> {
  const place = askedPlace(context);
  if (place.platform === "docker") return undefined;
  try {
    const site = await siteOf(place, context.stack);
    await site.ping();
    return undefined;
  } catch (error) {
    return (error as Error).name === "NoClusterError" ? (error as Error).message : undefined;
  }
}

function asUserError(error: Error): never {
  throw new UserError(error.message);
}
