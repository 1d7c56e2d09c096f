import { notMatching } from "../metrics/select.ts";
import type { Cause } from "./define-alert.ts";
import { serverCauses } from "./server-parts.ts";

export const gateway = { service: "gateway", component: "gateway" } as const;

/** Names with underscores are the gateway's own; the others are servers. */
export const routes = { proxy: notMatching("gateway_.*") };

export const gatewayGone: readonly Cause[] = [{ alert: "GatewayDown", scope: "fleet" }];

/** What takes the servers of a route away: without the database none of them is ready. */
export const serversGone: readonly Cause[] = [...gatewayGone, ...serverCauses];

/** What explains trouble of one route. */
export const routeGone: readonly Cause[] = [
  ...serversGone,
  { alert: "GatewayBackendDown", scope: "service" },
];

/** The route's name as the service: alerts about a server are grouped and inhibited by the server. */
export const perRoute = (series: string) =>
  `label_replace(${series}, "service", "$1", "proxy", "(.+)")`;
