import type { GatewaySpec } from "./gateway.schema.ts";
import { refuse, type Refusal } from "./haproxy-errors.ts";
import { handoverRules, handoverRoute, handedOver } from "./haproxy-handover.ts";

/**
 * Wrong tokens from one address within a minute, above which the answer is 429 instead of 401. Valid tokens pass all
 * the same: behind a NAT, or the engine's own port forwarding, one address is many clients.
 */
const failedAttemptsPerMinute = 60;

/** Headers of which a second copy could be read differently by the gateway and by a server. */
const single = [
  "Authorization",
  "Origin",
  "Mcp-Session-Id",
  "Content-Length",
  "MCP-Protocol-Version",
];

/** Headers that a server may trust or act on, so that no client may send them. */
const stripped = [
  "Forwarded",
  "X-Real-IP",
  "X-Mcp-Client",
  "X-Original-URL",
  "X-Rewrite-URL",
  "X-HTTP-Method-Override",
  // A switch to another protocol would leave every rule here behind.
  "Upgrade",
  "HTTP2-Settings",
];

/** Rules of the public frontend in the order in which they judge a request. */
export function frontendRules(spec: GatewaySpec): string[] {
  return [
    ...handoverRules(spec),
    ...identification,
    "http-request set-log-level silent if { path /healthz }",
    `http-request return status 200 content-type application/json string '{"status":"ok"}' if { path /healthz } { method GET HEAD }`,
    ...wellFormedness,
    ...originCheck,
    ...authentication,
    ...limits(spec),
    ...routing,
    ...bodyLimits(spec),
    ...sessionAffinity,
    `http-request set-timeout client ${spec.streamTimeoutSeconds}s`,
    ...forwarding,
    ...responses,
    accessLog,
  ];
}

const identification = [
  "unique-id-format %[uuid()]",
  // One that the client chose is kept if it cannot do harm in a log line.
  "http-request set-header X-Request-ID %[unique-id] unless { req.fhdr_cnt(X-Request-ID) eq 1 } { req.fhdr(X-Request-ID) -m reg ^[A-Za-z0-9._-]{1,128}$ }",
  "http-request set-var(txn.request_id) req.fhdr(X-Request-ID)",
  "http-request set-var(txn.mcp_method) req.fhdr(Mcp-Method) if { req.fhdr(Mcp-Method) -m found }",
  "http-request set-var(txn.mcp_name) req.fhdr(Mcp-Name) if { req.fhdr(Mcp-Name) -m found }",
];

const wellFormedness = single.map(
  (name) =>
    `http-request ${refuse({ status: 400, message: `More than one ${name} header` })} if { req.fhdr_cnt(${name}) gt 1 }`,
);

const originCheck = [
  "acl from_browser req.fhdr_cnt(Origin) gt 0",
  "acl origin_listed req.fhdr(Origin) -m str -f origins.lst",
  `http-request ${refuse({ status: 403, message: "Origin not allowed" })} if from_browser !origin_listed`,
  "http-request set-var(txn.origin) req.fhdr(Origin) if from_browser",
  // Preflights carry no token. The headers asked for are echoed: Mcp-Param-* are named by tools.
  "http-request set-var(txn.preflight) bool(true) if METH_OPTIONS from_browser { req.fhdr(Access-Control-Request-Method) -m found }",
  "http-request set-var(txn.preflight_headers) req.fhdr(Access-Control-Request-Headers) if { var(txn.preflight) -m bool } { req.fhdr(Access-Control-Request-Headers) -m reg ^[A-Za-z0-9,\\ -]{1,1024}$ }",
  "http-request return status 204 hdr Access-Control-Allow-Methods 'GET, POST, DELETE, OPTIONS' hdr Access-Control-Allow-Headers %[var(txn.preflight_headers)] hdr Access-Control-Max-Age 600 if { var(txn.preflight) -m bool }",
  "http-request return status 204 hdr Allow 'GET, POST, DELETE, OPTIONS' if METH_OPTIONS",
];

const unauthorized = {
  status: 401,
  headers: { "WWW-Authenticate": 'Bearer realm="mcp-fleet"' },
};

const authentication = [
  // The map holds hashes: who reads the file cannot log in, and comparing them leaks nothing about a token.
  "http-request set-var(txn.client) http_auth_bearer,sha2(256),hex,lower,map_str(tokens.map)",
  "acl known_client var(txn.client) -m found",
  "http-request track-sc0 src table gateway_failures unless known_client",
  "http-request sc-inc-gpc0(0) unless known_client",
  `http-request ${refuse({ status: 429, message: "Too many requests without a valid token", headers: { "Retry-After": "60" } })} if !known_client { sc_gpc0_rate(0) gt ${failedAttemptsPerMinute} }`,
  `http-request ${refuse({ ...unauthorized, message: "A bearer token is needed" })} if !known_client !{ req.fhdr(Authorization) -m found }`,
  `http-request ${refuse({ ...unauthorized, message: "This bearer token is not valid" })} if !known_client`,
];

function limits(spec: GatewaySpec): string[] {
  const { requests, perSeconds } = spec.rateLimit;
  return [
    "http-request track-sc1 var(txn.client),sha2(256) table gateway_clients",
    `http-request ${refuse({ status: 429, message: `More than ${requests} requests in ${perSeconds} s`, headers: { "Retry-After": String(perSeconds) } })} if { sc_http_req_rate(1) gt ${requests} }`,
    `http-request ${refuse({ status: 429, message: `More than ${spec.maxConcurrentPerClient} requests at the same time`, headers: { "Retry-After": "1" } })} if { sc_conn_cur(1) gt ${spec.maxConcurrentPerClient} }`,
  ];
}

const routing = [
  `http-request ${refuse({ status: 405, message: "Method not allowed", headers: { Allow: "GET, POST, DELETE, OPTIONS" } })} unless { method GET POST DELETE }`,
  // Exact paths only. /health, /info and /metrics of a server are for the inside.
  "http-request set-var(txn.route) path,map_str(routes.map)",
  "http-request set-var(txn.port_route) dst_port,map_str(ports.map)",
  "http-request set-var(txn.route) var(txn.port_route) if { var(txn.port_route) -m found } { path /mcp }",
  `http-request ${refuse({ status: 404, message: "No such server; the path is /<server>/mcp" })} unless { var(txn.route) -m found }`,
  // On a server's own port only that server is reached.
  `http-request ${refuse({ status: 404, message: "This port belongs to another server; the path is /mcp" })} if { var(txn.port_route) -m found } !{ var(txn.route),strcmp(txn.port_route) eq 0 }`,
];

function bodyLimits(spec: GatewaySpec): string[] {
  const max = spec.maxBodyBytes;
  return [
    // Without a length, the limit could only be checked after the body has passed.
    `http-request ${refuse({ status: 411, message: "Content-Length is needed; chunked bodies are not accepted" })} if { req.fhdr(Transfer-Encoding) -m found }`,
    `http-request ${refuse({ status: 411, message: "Content-Length is needed" })} if METH_POST !{ req.fhdr(Content-Length) -m found }`,
    `http-request ${refuse({ status: 413, message: `The body is larger than ${max} bytes` })} if { req.hdr_val(Content-Length) gt ${max} }`,
    // A client that sends half a body and waits holds a slot for 10 s, not for the time of a stream.
    "http-request wait-for-body time 10s if METH_POST",
    // 2025 clients do not say the method in a header. A body that is longer than the buffer stays unread.
    "http-request set-var(txn.mcp_method) req.body,json_query('$.method') if METH_POST !{ var(txn.mcp_method) -m found }",
  ];
}

/** The specification's answer to a session that has ended: clients start a new one. */
export const sessionNotFound: Refusal = { status: 404, code: -32001, message: "Session not found" };

/**
 * The session id that a client holds is `<backend>.<the server's id>`: any gateway process, also one started a moment
 * ago, knows from it alone where the session lives.
 */
const sessionAffinity = [
  "acl has_session req.fhdr(Mcp-Session-Id) -m found",
  "http-request set-var(txn.backend) req.fhdr(Mcp-Session-Id),field(1,.) if has_session",
  "http-request set-var-fmt(txn.session_at) %[var(txn.route)]/%[var(txn.backend)] if has_session",
  `http-request ${refuse(sessionNotFound)} if has_session !{ var(txn.session_at),map_str(affinity.map) -m found }`,
  "http-request set-header Mcp-Session-Id %[req.fhdr(Mcp-Session-Id),field(2,.,0)] if has_session",
];

const forwarding = [
  // Some servers read `_` as `-`: a header that only looks like another one does not pass.
  "http-request del-header _ -m sub",
  "http-request del-header X-Forwarded- -m beg",
  ...stripped.map((name) => `http-request del-header ${name}`),
  "http-request set-header X-Forwarded-For %[src]",
  "http-request set-header X-Forwarded-Proto http",
  "http-request set-header X-Forwarded-Host %[req.hdr(Host)]",
  "http-request set-header X-Mcp-Client %[var(txn.client)]",
  "http-request del-header Authorization",
  // Judged above; a server that judges again knows only its own name.
  "http-request del-header Origin",
  "http-request set-path /mcp",
  handoverRoute,
  "use_backend %[var(txn.route)]",
];

const responses = [
  `http-response allow if ${handedOver}`,
  "http-response set-header Mcp-Session-Id %[srv_name].%[res.fhdr(Mcp-Session-Id)] if { res.fhdr(Mcp-Session-Id) -m found }",
  "http-response del-header Access-Control- -m beg",
  "http-response del-header Server",
  "http-response del-header X-Powered-By",
  // Also on the gateway's own answers, or a browser could not read why it was refused.
  "http-after-response set-header X-Request-ID %[var(txn.request_id)] if { var(txn.request_id) -m found }",
  "http-after-response set-header Access-Control-Allow-Origin %[var(txn.origin)] if { var(txn.origin) -m found }",
  "http-after-response set-header Access-Control-Expose-Headers 'Mcp-Session-Id, X-Request-ID, Retry-After, WWW-Authenticate' if { var(txn.origin) -m found }",
  "http-after-response add-header Vary Origin if { var(txn.origin) -m found }",
];

/** One JSON object per request; no token, no session id, no body. */
const accessLog = `log-format "%{+json}o ${[
  "%(time)[accept_date(ms),ms_utime(%Y-%m-%dT%H:%M:%S.%3NZ)]",
  "%(request_id)[var(txn.request_id)]",
  "%(client)[var(txn.client)]",
  "%(route)[var(txn.route)]",
  "%(backend)s",
  "%(method)HM",
  "%(mcp_method)[var(txn.mcp_method)]",
  "%(mcp_name)[var(txn.mcp_name)]",
  "%(status:sint)ST",
  "%(bytes_in:sint)U",
  "%(bytes_out:sint)B",
  "%(request_ms:sint)TR",
  "%(queue_ms:sint)Tw",
  "%(connect_ms:sint)Tc",
  "%(response_ms:sint)Tr",
  "%(total_ms:sint)Ta",
  "%(termination)ts",
  "%(retries:sint)rc",
  "%(source)ci",
].join(" ")}"`;
