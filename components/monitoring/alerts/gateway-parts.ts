import { notMatching } from "../metrics/select.ts";
import type { Cause } from "./define-alert.ts";

export const gateway = { service: "gateway", component: "gateway" } as const;

/** Names with underscores are the gateway's own; the others are servers. */
export const routes = { proxy: notMatching("gateway_.*") };

export const gatewayGone: readonly Cause[] = [{ alert: "GatewayDown", scope: "fleet" }];

/** What explains trouble of one route. */
export const routeGone: readonly Cause[] = [
  ...gatewayGone,
  { alert: "ServiceDown", scope: "service" },
  { alert: "GatewayBackendDown", scope: "service" },
];

/** The route's name as the service: alerts about a server are grouped and inhibited by the server. */
export const perRoute = (series: string) =>
  `label_replace(${series}, "service", "$1", "proxy", "(.+)")`;
