import type { GatewaySpec } from "./gateway.schema.ts";

/** What runs for a server now: one entry, or two while a release moves over in steps. */
export interface GatewayBackend {
  /**
   * Unique within its route and different for every release: session ids carry it, so that a session whose backend
   * is gone is told so. Letters, digits, `-` and `_`.
   */
  readonly name: string;
  /** Host name or IP address. */
  readonly address: string;
  readonly port: number;
  /** Share of new sessions and stateless calls, 0-256; 0 keeps the sessions it has and gets no new ones. */
  readonly weight: number;
  /**
   * It belongs to the release before and may be gone at any time: its sessions then end with 404. With a weight of 0
   * it gets something new only while none of the others can take a call.
   *
   * @default false
   */
  readonly draining?: boolean;
  /**
   * It comes and goes with the load: without it its name does not resolve, which is no fault.
   *
   * @default false
   */
  readonly elastic?: boolean;
}

/** Name of the backend that is reached at an address: dots separate it from the server's own id in session ids. */
export function backendName(address: string): string {
  return address.replaceAll(/[^A-Za-z0-9_-]/g, "-");
}

/** One server as clients see it. */
export interface GatewayRoute {
  /** Path `/<server>/mcp`, and the `proxy` label of its metrics. */
  readonly server: string;
  /** Its own port at the gateway, if `serverPorts`. */
  readonly port: number;
  /** Empty: the server is in maintenance and answers 503. */
  readonly backends: readonly GatewayBackend[];
}

/** A bearer token that may pass: never the token itself. */
export interface TokenHash {
  readonly client: string;
  /** SHA-256 of the token, lower-case hex. */
  readonly sha256: string;
}

export interface GatewayRender {
  readonly spec: GatewaySpec;
  readonly routes: readonly GatewayRoute[];
  readonly tokens: readonly TokenHash[];
}

/** Ports inside the container. No server may have them as its own. */
export const gatewayPorts = { public: 8080, metrics: 8405 } as const;

/** Everything that HAProxy would misread or refuse: path, got, fix. */
export function gatewayProblems(spec: GatewaySpec, routes: readonly GatewayRoute[]): string[] {
  const problems: string[] = [];
  const servers = new Map<string, number>();
  const ports = new Map<number, string>();
  routes.forEach(({ server, port, backends }, index) => {
    const path = `routes[${index}]`;
    if (!/^[a-z0-9-]+$/.test(server)) {
      problems.push(
        `${path}.server: got ${JSON.stringify(server)}; use lower-case letters, digits and dashes`,
      );
    }
    const twin = servers.get(server);
    if (twin !== undefined)
      problems.push(`${path}.server: ${server} is already routes[${twin}]; name each once`);
    servers.set(server, index);
    if (spec.serverPorts) {
      const owner = ports.get(port) ?? reservedPort(port);
      if (owner !== undefined) {
        problems.push(
          `${path}.port: got ${port}, which belongs to ${owner}; pick another, or set gateway.serverPorts: false`,
        );
      }
      ports.set(port, `server ${server}`);
    }
    const names = new Set<string>();
    backends.forEach(({ name, address, weight }, at) => {
      const where = `${path}.backends[${at}]`;
      if (!/^[A-Za-z0-9_-]+$/.test(name)) {
        problems.push(
          `${where}.name: got ${JSON.stringify(name)}; use letters, digits, - and _ (a dot ends it in session ids)`,
        );
      }
      if (names.has(name))
        problems.push(`${where}.name: ${name} is there twice; name each backend of a server once`);
      names.add(name);
      if (!/^[A-Za-z0-9._:-]+$/.test(address)) {
        problems.push(
          `${where}.address: got ${JSON.stringify(address)}; use a host name or an IP address`,
        );
      }
      if (!Number.isInteger(weight) || weight < 0 || weight > 256) {
        problems.push(`${where}.weight: got ${weight}; use a whole number from 0 to 256`);
      }
    });
  });
  return problems;
}

function reservedPort(port: number): string | undefined {
  if (port === gatewayPorts.public) return "the gateway itself";
  return port === gatewayPorts.metrics ? "the gateway's metrics" : undefined;
}
