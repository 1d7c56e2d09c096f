import { createHash } from "node:crypto";
import type { GatewaySpec } from "./gateway.schema.ts";
import { errorResponses, refuse } from "./haproxy-errors.ts";
import {
  gatewayPorts,
  gatewayProblems,
  type GatewayBackend,
  type GatewayRender,
  type GatewayRoute,
  type TokenHash,
} from "./gateway-routes.ts";
import { frontendRules, sessionNotFound } from "./haproxy-frontend.ts";
import { handoverBackend, handoverBind } from "./haproxy-handover.ts";

/** Files that HAProxy reads; names are part of the configuration, so they never change. */
export const gatewayFiles = [
  "haproxy.cfg",
  "routes.map",
  "ports.map",
  "affinity.map",
  "origins.lst",
  "tokens.map",
] as const;
export type GatewayFile = (typeof gatewayFiles)[number];

/** Every file of the gateway; the same input in any order gives the same bytes. */
export function renderHaproxy(input: GatewayRender): Record<GatewayFile, string> {
  const problems = gatewayProblems(input.spec, input.routes);
  if (problems.length > 0) {
    throw new Error(`gateway has ${problems.length} problem(s):\n  ${problems.join("\n  ")}`);
  }
  const routes = sorted(input.routes, (route) => route.server).map((route) => ({
    ...route,
    backends: sorted(route.backends, (backend) => backend.name),
  }));
  const maps = {
    "routes.map": lines(routes.map(({ server }) => `/${server}/mcp ${server}`)),
    "ports.map": input.spec.serverPorts
      ? lines(
          sorted(routes, ({ port }) => String(port)).map(({ port, server }) => `${port} ${server}`),
        )
      : "",
    "affinity.map": lines(
      routes.flatMap(({ server, backends }) =>
        backends.map(({ name }) => `${server}/${name} ${server}`),
      ),
    ),
    "origins.lst": lines([...new Set(input.spec.allowedOrigins)].sort()),
  };
  const body = [
    ...defaults(input.spec),
    ...publicFrontend(input.spec, routes),
    ...metricsFrontend,
    ...tables(input.spec),
    ...handoverBackend,
    ...routes.flatMap(backendSection),
  ];
  // The running process shows this digest, so that a reload can be told from a reload that did not happen.
  const version = createHash("sha256")
    .update(JSON.stringify([globals(input.spec, ""), body, maps]))
    .digest("hex")
    .slice(0, 16);
  return {
    "haproxy.cfg": lines([...globals(input.spec, version), ...body]),
    ...maps,
    "tokens.map": renderTokenMap(input.tokens),
  };
}

/** `tokens.map` alone: the only file made of secrets, so the others can be shown in a diff. */
export function renderTokenMap(tokens: readonly TokenHash[]): string {
  const clientOf = new Map<string, string>();
  for (const { client, sha256 } of tokens) {
    if (!/^[0-9a-f]{64}$/.test(sha256)) {
      throw new Error(`gateway token of client ${client}: not a SHA-256 in lower-case hex`);
    }
    const other = clientOf.get(sha256);
    if (other !== undefined && other !== client) {
      throw new Error(
        `gateway tokens: clients ${[other, client].sort().join(" and ")} have the same token; ` +
          "give each client its own, or the log and the limits mix them up",
      );
    }
    clientOf.set(sha256, client);
  }
  return lines([...clientOf].map(([sha256, client]) => `${sha256} ${client}`).sort());
}

function globals(spec: GatewaySpec, version: string): string[] {
  return [
    "global",
    `  description ${version}`,
    "  log stdout format raw local0 info",
    // Relative to the file that is being read: a version is judged with its own maps before it becomes current.
    "  default-path config",
    // Written by `gateway-ctl reload`, read by the new process.
    "  server-state-file /run/haproxy/servers.state",
    "  stats socket /run/haproxy/admin.sock mode 600 level admin expose-fd listeners",
    // A request in flight holds about 40 kB (two buffers and its stream), and a reload runs a second process beside.
    `  maxconn ${spec.memoryMb * 8}`,
    // HAProxy would start one thread per core of the machine, whatever the container's limit is.
    `  nbthread ${Math.min(64, Math.max(1, Math.ceil(spec.cpus)))}`,
    `  hard-stop-after ${spec.hardStopAfterSeconds}s`,
    // An earlier process that still holds a stream takes 5 MiB (measured, ten servers): the oldest goes first, before
    // the container's limit is reached.
    `  mworker-max-reloads ${Math.max(4, Math.floor(spec.memoryMb / 12))}`,
    "",
    "resolvers engine",
    // The engine's own name server, on Docker and on Kubernetes alike. An address is asked for again every second:
    // a container that was restarted comes back with another one.
    "  parse-resolv-conf",
    "  accepted_payload_size 8192",
    "  resolve_retries 2",
    "  timeout resolve 1s",
    "  timeout retry 1s",
    "  hold valid 1s",
    "  hold nx 5s",
    "",
  ];
}

function defaults(spec: GatewaySpec): string[] {
  return [
    "defaults",
    "  mode http",
    "  log global",
    "  option dontlognull",
    // Without it a reload resets clients that send on a kept-alive connection just then.
    "  option idle-close-on-response",
    "  timeout connect 5s",
    "  timeout queue 5s",
    "  timeout http-request 10s",
    // Longer than clients keep idle connections: the side that closes first must not be the one that gets requests.
    "  timeout http-keep-alive 75s",
    // Until a request has been let in; a refused one must not hold its connection for the time of a stream.
    "  timeout client 15s",
    // An event stream may be silent; responses are passed on as they come (HAProxy buffers none).
    `  timeout server ${spec.streamTimeoutSeconds}s`,
    "  timeout check 5s",
    "  timeout tarpit 5s",
    // A tool call may have been carried out as soon as one byte of it was sent. So only a connection that could not
    // be made is tried again, elsewhere if there is another backend; everything after that is the client's to decide.
    "  retries 2",
    "  retry-on conn-failure",
    "  option redispatch 1",
    "  balance roundrobin",
    "  load-server-state-from-file global",
    ...errorResponses.map((line) => `  ${line}`),
    "",
  ];
}

function publicFrontend(spec: GatewaySpec, routes: readonly GatewayRoute[]): string[] {
  const serverPorts = spec.serverPorts ? routes.map(({ port }) => port).sort((a, b) => a - b) : [];
  return [
    // Underscores keep the names apart from those of servers, which have none.
    "frontend gateway_public",
    ...[gatewayPorts.public, ...serverPorts].map((port) => `  bind :${port}`),
    handoverBind,
    ...frontendRules(spec).map((line) => `  ${line}`),
    "",
  ];
}

const metricsFrontend = [
  "frontend gateway_metrics",
  `  bind :${gatewayPorts.metrics}`,
  "  no log",
  "  http-request use-service prometheus-exporter if { path /metrics }",
  "  http-request return status 404 content-type text/plain string not-found",
  "",
];

/** Counters live in the process: a reload starts them at zero, which only ever lets more through. */
function tables(spec: GatewaySpec): string[] {
  const window = `${spec.rateLimit.perSeconds}s`;
  return [
    "backend gateway_clients",
    // Not by name: HAProxy before 3.3 (its issue 3161) may hold a string twice, and would count a client's first
    // requests apart.
    `  stick-table type binary len 32 size 10k expire ${2 * spec.rateLimit.perSeconds}s store http_req_rate(${window}),conn_cur`,
    "",
    "backend gateway_failures",
    "  stick-table type ipv6 size 100k expire 2m store gpc0,gpc0_rate(60s)",
    "",
  ];
}

function backendSection({ server, backends }: GatewayRoute): string[] {
  const draining = backends.filter((backend) => backend.draining);
  const spare = draining.some(({ weight }) => weight === 0);
  return [
    `backend ${server}`,
    "  option httpchk",
    "  http-check send meth GET uri /ready ver HTTP/1.1 hdr Host gateway",
    "  http-check expect status 200",
    // `last`: the address that the process before knew, so that a reload waits for no name server on account of a name
    // that is gone. `none`: an unknown name is a backend that is down, not a gateway that does not start.
    "  default-server check inter 2s fastinter 500ms downinter 1s fall 3 rise 1 resolvers engine resolve-prefer ipv4 init-addr last,libc,none",
    // Its sessions died with it. Any other server would say so in its own words, not all of them in the protocol's.
    ...backends
      .filter(({ draining: leaving, elastic }) => leaving || elastic)
      .map(
        ({ name }) =>
          `  http-request ${refuse(sessionNotFound)} if { var(txn.backend) -m str ${name} } !{ srv_is_up(${name}) }`,
      ),
    ...(backends.length > 0
      ? [
          "  use-server %[var(txn.backend)] if { var(txn.backend) -m found }",
          ...backends.map((backend) => serverLine(backend, spare)),
        ]
      : []),
    "",
  ];
}

/**
 * Connections that could not be made take a server out until its next good check where a spare can take over. Two, for
 * a call is tried three times: the one that finds out is still answered by the spare.
 */
const outAtOnce = "observe layer4 error-limit 2 on-error mark-down";

function serverLine(backend: GatewayBackend, spare: boolean): string {
  const { name, address, port, weight, draining, elastic } = backend;
  const line = `  server ${name} ${address}:${port}`;
  // No `libc`: a name that is gone can hold up the start for as long as a name server likes.
  const mayBeGone = " init-addr last,none";
  if (!draining) {
    return `${line} weight ${weight}${spare ? ` ${outAtOnce}` : ""}${elastic ? mayBeGone : ""}`;
  }
  // A backup with weight 0 would never be used.
  const share = weight === 0 ? "weight 100 backup" : `weight ${weight}`;
  return `${line} ${share}${mayBeGone}`;
}

function lines(all: readonly string[]): string {
  return all.length === 0 ? "" : `${all.join("\n").trimEnd()}\n`;
}

/** Code unit order: the same on every machine, whatever its locale. */
function sorted<T>(all: readonly T[], key: (item: T) => string): T[] {
  return [...all].sort((a, b) => (key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : 0));
}
