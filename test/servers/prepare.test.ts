import type pg from "pg";
import { describe, expect, it } from "vitest";
import type { RolesSpec } from "../../servers/migrate/config.ts";
import { prepareDatabase } from "../../servers/migrate/prepare.ts";
import type { Connection } from "../../servers/migrate/roles.ts";

const spec: RolesSpec = {
  servers: [
    {
      ...{ name: "scene", schema: "scene", activeLogin: "a" },
      ...{ connectionLimit: 20, statementTimeoutSeconds: 30 },
    },
  ],
  ...{ exporterRole: "postgres_exporter", lookupRole: "pgbouncer_auth" },
  prepare: { connections: 170 },
};

const able = {
  ...{ me: "admin", database: "fleet", version: 17, room: 200 },
  ...{ makes_roles: true, owns: true, passes_monitor: true, known: false },
};

/** A server that is asked what it has; and what it was told to do. */
function server(abilities: object, roles: readonly string[] = [], noted: readonly string[] = []) {
  const told: string[] = [];
  const query = (text: string, values: readonly unknown[] = []) => {
    const rows = text.includes("passes_monitor")
      ? [{ ...able, ...abilities }]
      : text.includes("FROM pgbouncer.roles") && !text.includes("FUNCTION")
        ? noted.map((name) => ({ name }))
        : text.includes("ANY($1)")
          ? roles
              .filter((role) => (values[0] as string[]).includes(role))
              .map((rolname) => ({ rolname }))
          : [];
    if (!text.trimStart().startsWith("SELECT")) told.push(text);
    return Promise.resolve({ rows } as unknown as pg.QueryResult<never>);
  };
  return { connection: { query } as Connection, told };
}

describe("an external server", () => {
  it("is told nothing before everything that it lacks was said at once", async () => {
    const lacking = {
      ...{ version: 15, room: 97 },
      ...{ makes_roles: false, owns: false, passes_monitor: false },
    };
    const { connection, told } = server(lacking, ["scene_a", "other"]);
    const said = prepareDatabase(connection, spec).catch((error: Error) => error.message);
    for (const words of [
      "has 6 problem(s), and was not changed",
      "it is PostgreSQL 15; upgrade it to 17 or newer",
      'ALTER ROLE "admin" CREATEROLE',
      'ALTER DATABASE "fleet" OWNER TO "admin"',
      'GRANT pg_monitor TO "admin" WITH ADMIN OPTION',
      "it has room for 97 connections",
      "role(s) scene_a exist on the server and were not made for this database",
    ]) {
      expect(await said).toContain(words);
    }
    expect(told).toEqual([]);
  });

  it("has its own roles back, and is not asked to make them again", async () => {
    const roles = ["pgbouncer_auth", "postgres_exporter", "scene_a", "scene_b", "scene_owner"];
    const { connection, told } = server({ known: true }, roles, roles);
    await prepareDatabase(connection, spec);
    expect(told.filter((text) => text.startsWith("CREATE ROLE"))).toEqual([]);
    expect(told.some((text) => text.startsWith("INSERT INTO pgbouncer.roles"))).toBe(true);
  });

  it("gets the two roles that no server has by itself", async () => {
    const { connection, told } = server({});
    await prepareDatabase(connection, spec);
    expect(told.filter((text) => text.startsWith("CREATE ROLE"))).toEqual([
      'CREATE ROLE "pgbouncer_auth" NOLOGIN NOINHERIT',
      'CREATE ROLE "postgres_exporter" NOLOGIN',
    ]);
  });
});
