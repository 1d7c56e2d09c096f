import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  connectionString,
  renderPgBouncerIni,
  renderUserlist,
} from "../../../components/database/pgbouncer.render.ts";
import { pgbouncerSchema } from "../../../components/database/pgbouncer.schema.ts";
import { ownTarget } from "../../../components/database/target.ts";

const target = { ...ownTarget("db-host"), database: "mcp_series" };

function parseIni(text: string): Record<string, Record<string, string>> {
  const sections: Record<string, Record<string, string>> = {};
  let section: Record<string, string> = {};
  for (const line of text.split("\n")) {
    const head = /^\[(.*)\]$/.exec(line)?.[1];
    if (head !== undefined) section = sections[head] = {};
    else if (line && !line.startsWith(";")) {
      const [, name, value] = /^([a-z_]+) =(?: (.*))?$/.exec(line) ?? [];
      if (name === undefined) throw new Error(`no setting: ${line}`);
      expect(section).not.toHaveProperty(name);
      section[name] = value ?? "";
    }
  }
  return sections;
}

/** Reads `"name" "password"` lines as PgBouncer does. */
function parseUserlist(text: string): Record<string, string> {
  const entry = /"((?:[^"]|"")*)" "((?:[^"]|"")*)"\n/g;
  const plain = (quoted: string) => quoted.replaceAll('""', '"');
  return Object.fromEntries([...text.matchAll(entry)].map(([, a, b]) => [plain(a!), plain(b!)]));
}

describe("pgbouncer.ini", () => {
  const ini = parseIni(renderPgBouncerIni(pgbouncerSchema.parse({}), target));

  it("knows one database and no fallback", () => {
    expect(ini["databases"]).toEqual({
      mcp_series: "host='db-host' port='5432' dbname='mcp_series'",
    });
  });

  it("carries the figures of the guide", () => {
    expect(ini["pgbouncer"]).toMatchObject({
      listen_port: "6432",
      pool_mode: "transaction",
      default_pool_size: "50",
      min_pool_size: "0",
      reserve_pool_size: "20",
      max_db_connections: "150",
      max_client_conn: "2000",
      max_prepared_statements: "200",
      ignore_startup_parameters: "extra_float_digits",
      server_idle_timeout: "600",
      server_lifetime: "3600",
      server_connect_timeout: "15",
      server_login_retry: "1",
      query_wait_timeout: "15",
      query_timeout: "0",
    });
  });

  it("passes SCRAM through and opens the admin console to nobody over the network", () => {
    expect(ini["pgbouncer"]).toMatchObject({
      auth_type: "scram-sha-256",
      auth_user: "pgbouncer_auth",
      auth_dbname: "mcp_series",
      auth_query: "SELECT uname, phash FROM pgbouncer.user_lookup($1)",
      admin_users: "",
      stats_users: "pgbouncer_stats",
      unix_socket_mode: "0700",
    });
  });

  it("takes over each changed figure and is otherwise the same text", () => {
    const spec = pgbouncerSchema.parse({ defaultPoolSize: 12, queryWaitTimeoutSeconds: 3 });
    expect(parseIni(renderPgBouncerIni(spec, target))["pgbouncer"]).toEqual({
      ...ini["pgbouncer"],
      default_pool_size: "12",
      query_wait_timeout: "3",
    });
    expect(renderPgBouncerIni(spec, target)).toBe(renderPgBouncerIni({ ...spec }, target));
  });

  it("verifies an external server by the certificates beside it, and speaks plainly to our own", () => {
    const external = {
      ...{ host: "db.example.com", port: 5433, database: "mcp_series", cidrs: ["10.0.8.0/24"] },
      tls: { mode: "verify-full" as const, ca: "PEM" },
    };
    const { databases, pgbouncer } = parseIni(
      renderPgBouncerIni(pgbouncerSchema.parse({}), external),
    );
    expect(databases).toEqual({
      mcp_series: "host='db.example.com' port='5433' dbname='mcp_series'",
    });
    expect(pgbouncer).toEqual({
      ...ini["pgbouncer"],
      server_tls_sslmode: "verify-full",
      server_tls_ca_file: "/etc/pgbouncer/current/server-ca.crt",
    });
    expect(ini["pgbouncer"]).toMatchObject({ server_tls_sslmode: "disable" });
  });

  it("quotes the words of a connection", () => {
    expect(connectionString({ host: "a'b", port: 1 })).toBe("host='a''b' port='1'");
  });
});

describe("userlist.txt", () => {
  it("reads back the same, whatever the order of its entries", () => {
    const text = fc.string({ unit: fc.constantFrom('"', "\\", "a", "ß", " ", "'", ";") });
    fc.assert(
      fc.property(fc.dictionary(text, text, { noNullPrototype: true }), (passwords) => {
        const rendered = renderUserlist(passwords);
        expect(parseUserlist(rendered)).toEqual(passwords);
        const reversed = Object.fromEntries(Object.entries(passwords).reverse());
        expect(renderUserlist(reversed)).toBe(rendered);
      }),
    );
  });

  it.each(["a\nb", "a\rb", "a\0b"])("refuses %j without showing it", (password) => {
    expect(() => renderUserlist({ user: password })).toThrow("line break or zero byte (value not");
    expect(() => renderUserlist({ user: password })).not.toThrow(password);
  });
});
