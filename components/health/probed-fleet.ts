import type { Scope } from "../monitoring/scope.render.ts";
import type { ServerSpec } from "../servers/mcp-server.schema.ts";
import type { HealthSpec, RolloutSpec } from "./health.schema.ts";

/** What of a fleet decides how it is probed. */
export interface ProbedFleet {
  readonly servers: readonly ServerSpec[];
  /** Name of the database. */
  readonly database: string;
  /** Whether somebody else runs the database: then it is asked through the pooler alone. */
  readonly externalDatabase?: boolean;
  readonly scrapeIntervalSeconds: number;
  /**
   * A Prometheus of somebody else that is asked in place of the fleet's own.
   *
   * @default - the fleet has its own Prometheus and Alertmanager
   */
  readonly neighbour?: AskedNeighbour;
  readonly health: HealthSpec;
  readonly rollout: RolloutSpec;
}

export interface AskedNeighbour {
  /** Labels that series of this fleet have there, and no others. */
  readonly scope: Scope;
  /** On which it is asked. */
  readonly port: number;
}
