import { must, until, docker, type DatabaseLab } from "../database-harness.ts";

/** Of the role that the provider of a managed server hands out. */
export const adminPassword = "given-by-the-provider";

/**
 * Makes a certificate of an authority of its own for its host name, and a cluster that nobody reaches without TLS. The
 * superuser is the provider's: over the socket only.
 */
const script = `
set -euo pipefail
umask 0077
cd /srv/external
key="-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes"
openssl req -x509 $key -keyout ca.key -out ca.crt -days 2 -subj '/CN=authority of the test' 2>/dev/null
openssl req $key -keyout server.key -out server.csr -subj "/CN=$1" 2>/dev/null
printf 'subjectAltName=DNS:%s' "$1" > names
openssl x509 -req -in server.csr -CA ca.crt -CAkey ca.key -days 2 -extfile names -out server.crt 2>/dev/null
initdb --pgdata=data --username=provider --auth=trust >/dev/null
printf 'local all all trust\\nhostssl all all all scram-sha-256\\n' > data/pg_hba.conf
exec postgres -D data -c listen_addresses='*' -c unix_socket_directories=/srv/external -c fsync=off \\
  -c ssl=on -c ssl_cert_file=/srv/external/server.crt -c ssl_key_file=/srv/external/server.key
`;

/** A PostgreSQL that none of our own code has prepared, as a provider of managed servers runs it. */
export class ExternalServer {
  readonly host: string;

  constructor(lab: DatabaseLab) {
    this.host = lab.name("external");
  }

  /** With a role that may do nothing yet, and a database that it does not own. */
  async open(network: string): Promise<void> {
    await must(
      ...["run", "-d", `--name=${this.host}`, `--network=${network}`, "--user=10070:10070"],
      ...["--tmpfs=/srv/external:size=512m,mode=1777", "--entrypoint=bash"],
      ...["mcp-fleet-test/postgres:latest", "-c", script, "external", this.host],
    );
    await until(`${this.host} accepts connections`, 60, async () => {
      const state = await must("inspect", "--format={{.State.Status}}", this.host);
      if (state !== "running") throw new Error(`${state}: ${await must("logs", this.host)}`);
      return (await docker("exec", this.host, ...this.#psql("postgres", "SELECT 1"))).code === 0;
    });
    await this.asProvider(`CREATE ROLE admin LOGIN PASSWORD '${adminPassword}'`);
    await this.asProvider("CREATE DATABASE mcp_series");
  }

  /** Certificates that vouch for it. */
  authority(): Promise<string> {
    return must("exec", this.host, "cat", "/srv/external/ca.crt");
  }

  asProvider(sql: string, database = "postgres"): Promise<string> {
    return must("exec", this.host, ...this.#psql(database, sql));
  }

  #psql(database: string, sql: string): string[] {
    return [
      ...["psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-h", "/srv/external"],
      ...["-U", "provider", "-d", database, "-c", sql],
    ];
  }
}
