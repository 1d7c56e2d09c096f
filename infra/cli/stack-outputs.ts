import type { OutputMap } from "@pulumi/pulumi/automation/index.js";
import type { Scope } from "../../components/monitoring/scope.render.ts";
import type { FleetAddresses } from "../health/check-fleet.ts";
import { UserError } from "./exit-codes.ts";

/** Outputs of the stack, as `infra/index.ts` exports them. */
export interface FleetOutputs {
  readonly release: string;
  readonly transaction: string;
  readonly gatewayUrl: string;
  readonly servers: Readonly<Record<string, string>>;
  readonly clientConfig: unknown;
  readonly tokens: Readonly<Record<string, { readonly primary: string; readonly backup: string }>>;
  readonly prometheusUrl: string;
  /** Labels of the fleet's series, where Prometheus is somebody else's. */
  readonly prometheusScope?: Scope;
  /** Null: there is none of the fleet's own. */
  readonly alertmanagerUrl: string | null;
  readonly grafanaUrl: string | null;
}

/** @throws if the stack was never deployed. */
export function fleetOutputs(map: OutputMap, stack: string): FleetOutputs {
  const values = Object.fromEntries(
    Object.entries(map).map(([key, { value }]) => [key, value as unknown]),
  );
  if (typeof values["gatewayUrl"] !== "string") {
    throw new UserError(`stack ${stack} has no live fleet; ./fleet up --stack ${stack} deploys it`);
  }
  return values as unknown as FleetOutputs;
}

export function addressesOf(outputs: FleetOutputs): FleetAddresses {
  const [client] = Object.values(outputs.tokens);
  return {
    servers: outputs.servers,
    prometheusUrl: outputs.prometheusUrl,
    ...(outputs.prometheusScope && { prometheusScope: outputs.prometheusScope }),
    token: client?.primary ?? "",
  };
}
