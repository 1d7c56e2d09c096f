import type { GatewaySpec } from "./gateway.schema.ts";

/**
 * After a reload, clients' idle connections stay with the process before it, which answers one more request on each
 * and then closes it. It knows only the routes and tokens of its own time, and their servers may be gone. So it passes
 * such a request on to its successor, as it came, over a socket that always belongs to the newest process.
 *
 * `gateway-ctl reload` enables the server below: a process that stops without a successor answers itself.
 */
const socket = "unix@/run/haproxy/handover.sock";

/** Of the public frontend; the PROXY protocol tells who the client is and which port it called. */
export const handoverBind = `  bind ${socket} mode 600 accept-proxy`;

/** True for a request that is the successor's to judge and to answer. */
export const handedOver = "{ var(txn.handed_over) -m bool }";

/** Before all other rules of the public frontend. */
export function handoverRules(spec: GatewaySpec): string[] {
  return [
    "http-request set-var(txn.handed_over) bool(true) if { stopping } { srv_is_up(gateway_successor/next) }",
    // The successor logs it.
    `http-request set-log-level silent if ${handedOver}`,
    `http-request set-timeout client ${spec.streamTimeoutSeconds}s if ${handedOver}`,
    `http-request allow if ${handedOver}`,
  ];
}

/** Before all other routes of the public frontend. */
export const handoverRoute = `use_backend gateway_successor if ${handedOver}`;

/** Underscores keep the name apart from those of servers, which have none. */
export const handoverBackend: readonly string[] = [
  "backend gateway_successor",
  // Connections that are kept would end at a process that has become old itself.
  "  http-reuse never",
  `  server next ${socket} send-proxy-v2 disabled`,
  "",
];
