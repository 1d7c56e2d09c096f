import type { FleetSpec } from "../config/index.ts";
import { Engine } from "../engine.ts";
import type { CommandContext } from "./context.ts";
import { UserError } from "./exit-codes.ts";

/** @throws UserError with the fix if no Docker engine answers. */
export async function requireEngine(engine = new Engine()): Promise<Engine> {
  await engine.ping().catch((error: Error) => {
    throw new UserError(error.message);
  });
  return engine;
}

/**
 * What would make the program refuse this machine, asked before the stack exists, so that a refused first `up` leaves
 * nothing behind. Whether Grafana can be had takes a question to the network: its port is left to the program.
 */
export async function requireFitMachine(context: CommandContext, fleet: FleetSpec): Promise<void> {
  const engine = await requireEngine();
  const grafana = fleet.monitoring.grafana.enabled === "yes";
  const objection = await engine.objection(fleet, context.stack, grafana);
  if (objection !== undefined) throw new UserError(objection);
}
