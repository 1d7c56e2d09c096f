import type { Call } from "../platform/platform.ts";
import { postgresPort } from "./names.ts";
import type { ExternalPostgres, PostgresSpec } from "./postgres.schema.ts";

/** The PostgreSQL that migrations, pooler and exporter connect to. */
export interface DatabaseTarget {
  readonly host: string;
  readonly port: number;
  readonly tls: ExternalPostgres["tls"];
  /**
   * Address blocks in which it is found.
   *
   * @default - it is part of the fleet
   */
  readonly cidrs?: readonly string[];
}

/** File name of the certificates that vouch for the server, in a directory of its reader. */
export const caFile = "server-ca.crt";

/** Our own: on a network of this fleet alone, for which certificates are not part of it. */
export function ownTarget(host: string): DatabaseTarget {
  return { host, port: postgresPort, tls: { mode: "disable" } };
}

/** @param own host name of our own server, where there is one. */
export function targetOf({ external }: Pick<PostgresSpec, "external">, own: string) {
  return external === undefined ? ownTarget(own) : (external satisfies DatabaseTarget);
}

export function callOf({ port, cidrs }: DatabaseTarget): Call {
  return { network: "db", ports: [port], ...(cidrs && { outside: cidrs }) };
}

/** File name -> content of what proves the server; empty where nothing does. */
export function caFiles({ tls: { ca } }: DatabaseTarget): Record<string, string> {
  return ca === undefined ? {} : { [caFile]: ca };
}
