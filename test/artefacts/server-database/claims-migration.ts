import { join } from "node:path";
import pg from "pg";
import { expect, it } from "vitest";
import type { Migration } from "../../../servers/migrate/embedded.ts";
import { migrateSchema } from "../../../servers/migrate/runner.ts";
import { runNode } from "../../servers/server-process.ts";
import { type ServerLab, WRITER_PASSWORD } from "./server-lab.ts";

/** The job that makes roles, schemas and tables, and what its logins may then do. */
export function migrationClaims(lab: ServerLab): void {
  it("creates roles, schemas and tables once, and changes nothing the second time", async () => {
    const first = lab.migrate();
    expect(await first.exited, first.output()).toBe(0);
    const verifiers = async (): Promise<unknown[]> => {
      const admin = await lab.cluster.superuser();
      const { rows } = await admin.query<{ rolname: string; rolpassword: string }>(
        "SELECT rolname, rolpassword FROM pg_authid WHERE rolname !~ '^pg_' ORDER BY 1",
      );
      await admin.end();
      return rows;
    };
    const before = await verifiers();
    const second = lab.migrate();
    expect(await second.exited, second.output()).toBe(0);
    const summary = (run: typeof first): unknown =>
      JSON.parse(run.output().trim().split("\n").at(-1) ?? "");
    expect(summary(first)).toMatchObject({
      message: "migration finished",
      schemas: 12,
      applied: 11,
    });
    expect(summary(second)).toMatchObject({
      message: "migration finished",
      schemas: 12,
      applied: 0,
    });
    expect(await verifiers()).toEqual(before);
    expect(first.output() + second.output()).not.toMatch(/password-of-|SCRAM/);
    expect(lab.cluster.log()).not.toMatch(/password-of-/);
  });

  it("lets a login work in its own schema alone, bounded in time", async () => {
    await lab.asLogin("book_planning_b", async (client) => {
      const { rows } = await client.query("SHOW search_path");
      expect(rows).toEqual([{ search_path: "book_planning" }]);
      expect((await client.query("SHOW statement_timeout")).rows).toEqual([
        { statement_timeout: "30s" },
      ]);
      await client.query("SELECT count(*) FROM books");
      await expect(client.query("SELECT * FROM scene.scenes")).rejects.toThrow(
        "permission denied for schema scene",
      );
      await expect(client.query("CREATE TABLE mine (id int)")).rejects.toThrow(
        "permission denied for schema",
      );
      await expect(client.query("DELETE FROM schema_migrations")).rejects.toThrow(
        "permission denied",
      );
      await expect(client.query("DROP TABLE books")).rejects.toThrow("must be owner");
    });
  });

  it("refuses a wrong password at once, and names every bad setting", async () => {
    const env = {
      DATABASE_HOST: "127.0.0.1",
      DATABASE_PORT: String(lab.cluster.port),
      ROLES_FILE: join(lab.folder, "roles.json"),
      ROLE_PASSWORDS_DIR: join(lab.folder, "passwords"),
    };
    const wrong = runNode(join(lab.folder, "migrate.mjs"), {
      ...env,
      DATABASE_PASSWORD_FILE: lab.passwordFile("scene_a"),
    });
    expect(await wrong.exited).toBe(1);
    expect(wrong.output()).toContain("password authentication failed");
    const empty = runNode(join(lab.folder, "migrate.mjs"), {
      DATABASE_PORT: "x",
      ROLES_FILE: "/nowhere",
    });
    expect(await empty.exited).toBe(1);
    for (const key of [
      "DATABASE_HOST",
      "DATABASE_PORT",
      "DATABASE_PASSWORD_FILE",
      "ROLES_FILE",
      "ROLE_PASSWORDS_DIR",
    ]) {
      expect(empty.output()).toContain(`  ${key}: `);
    }
  });

  it("rolls a failing file back, refuses a changed one, and accepts only compatible newer ones", async () => {
    const file = (version: number, sql: string, checksum = sql): Migration => ({
      version,
      name: "m",
      file: `outside/000${version}_m.sql`,
      sql,
      checksum,
    });
    const writer = new pg.Client({
      host: "127.0.0.1",
      port: lab.cluster.port,
      user: "writer",
      database: "mcp_series",
      password: WRITER_PASSWORD,
    });
    await writer.connect();
    try {
      const one = file(1, "CREATE TABLE things (id int);");
      const bad = file(2, "CREATE TABLE others (id int);\nSELECT nonsense;");
      await expect(migrateSchema(writer, "outside", [one, bad])).rejects.toThrow(
        'outside/0002_m.sql failed at line 2 (character 38): column "nonsense" does not exist (SQLSTATE 42703)',
      );
      const { rows } = await writer.query(
        "SELECT to_regclass('outside.things') AS kept, to_regclass('outside.others') AS lost",
      );
      expect(rows).toMatchObject([{ lost: null }]);
      expect(rows).not.toMatchObject([{ kept: null }]);
      await expect(migrateSchema(writer, "outside", [{ ...one, checksum: "x" }])).rejects.toThrow(
        "0001_m.sql was changed",
      );
      const two = file(2, "CREATE TABLE others (id int);");
      const three = file(3, "-- incompatible: drops what older servers read\nDROP TABLE things;");
      expect(await migrateSchema(writer, "outside", [one, two])).toMatchObject({
        applied: [two.file],
        version: 2,
      });
      expect(await migrateSchema(writer, "outside", [one])).toMatchObject({
        applied: [],
        version: 2,
      });
      await migrateSchema(writer, "outside", [one, two, three]);
      await expect(migrateSchema(writer, "outside", [one, two])).rejects.toThrow(
        "marked incompatible",
      );
      await writer.query("SET ROLE outside_owner");
      await writer.query("DELETE FROM outside.schema_migrations");
    } finally {
      await writer.end();
    }
  });
}
