import type { Alert } from "./define-alert.ts";
import {
  gatewayConnectionErrors,
  gatewayConnections,
  gatewayDown,
  gatewayRejections,
} from "./gateway-clients.ts";
import {
  gatewayBackendDown,
  gatewayQueue,
  gatewayServerErrors,
  gatewayServerFlapping,
} from "./gateway-servers.ts";

export const gatewayAlerts: readonly Alert[] = [
  gatewayDown,
  gatewayBackendDown,
  gatewayServerFlapping,
  gatewayServerErrors,
  gatewayRejections,
  gatewayConnectionErrors,
  gatewayConnections,
  gatewayQueue,
];
