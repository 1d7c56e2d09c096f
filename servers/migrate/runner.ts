import pg from "pg";
import type { Migration } from "./embedded.ts";
import type { Connection } from "./roles.ts";

/** What happened to one schema. */
export interface SchemaResult {
  readonly schema: string;
  readonly applied: readonly string[];
  /** Version after the run; 0 when there are no migrations. */
  readonly version: number;
}

/** A migration that failed and was rolled back. */
class MigrationError extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, { cause });
    this.name = "MigrationError";
  }
}

const quote = pg.escapeIdentifier;

/** A migration that waits longer for a lock than this blocks every server behind it. Seconds. */
const LOCK_TIMEOUT_SECONDS = 10;

interface AppliedRow extends pg.QueryResultRow {
  version: number;
  name: string;
  checksum: string;
  incompatible: boolean;
}

/**
 * Applies what is pending in one schema, each file in a transaction of its own as the schema's
 * owner. A schema that is newer than this program is accepted, for releases only ever expand it
 * first; unless the newer migration was marked `-- incompatible` in its first line.
 *
 * @throws MigrationError when a file that was applied has changed, or when a statement fails.
 */
export async function migrateSchema(
  connection: Connection,
  schema: string,
  migrations: readonly Migration[],
): Promise<SchemaResult> {
  await asOwner(connection, schema, async () => {
    await connection.query(
      `CREATE TABLE IF NOT EXISTS ${quote(schema)}.schema_migrations (
         version integer PRIMARY KEY,
         name text NOT NULL,
         checksum text NOT NULL,
         incompatible boolean NOT NULL DEFAULT false,
         applied_at timestamptz NOT NULL DEFAULT now()
       )`,
    );
    // Servers may read how far the schema is, but only this job writes it.
    await connection.query(
      `REVOKE INSERT, UPDATE, DELETE ON ${quote(schema)}.schema_migrations FROM ${quote(`${schema}_rw`)}`,
    );
  });
  const { rows } = await asOwner(connection, schema, () =>
    connection.query<AppliedRow>(
      `SELECT version, name, checksum, incompatible FROM ${quote(schema)}.schema_migrations ORDER BY version`,
    ),
  );
  const done = new Map(rows.map((row) => [row.version, row]));
  refuseChanged(schema, migrations, done);
  const applied: string[] = [];
  for (const migration of migrations) {
    if (done.has(migration.version)) continue;
    await apply(connection, schema, migration);
    applied.push(migration.file);
  }
  const version = Math.max(0, ...done.keys(), ...migrations.map((migration) => migration.version));
  return { schema, applied, version };
}

/** Whether servers of releases that do not know this migration cannot work with it. */
function isIncompatible(sql: string): boolean {
  return /^--\s*incompatible\b/.test(sql);
}

function refuseChanged(
  schema: string,
  migrations: readonly Migration[],
  done: ReadonlyMap<number, AppliedRow>,
): void {
  const known = new Map(migrations.map((migration) => [migration.version, migration]));
  const problems: string[] = [];
  for (const row of done.values()) {
    const migration = known.get(row.version);
    if (migration && migration.checksum !== row.checksum) {
      problems.push(
        `${migration.file} was changed after it had been applied to ${schema}; restore it and add a new file`,
      );
    }
    if (!migration && row.incompatible) {
      problems.push(
        `${schema} has the newer migration ${row.version} (${row.name}), which is marked incompatible; deploy a release that knows it`,
      );
    }
  }
  if (problems.length > 0) throw new MigrationError(problems.join("; "));
}

async function apply(connection: Connection, schema: string, migration: Migration): Promise<void> {
  await connection.query("BEGIN");
  try {
    await connection.query(`SET LOCAL ROLE ${quote(`${schema}_owner`)}`);
    await connection.query(`SET LOCAL search_path TO ${quote(schema)}`);
    await connection.query(`SET LOCAL lock_timeout TO '${LOCK_TIMEOUT_SECONDS}s'`);
    await connection.query(migration.sql);
    await connection.query(
      `INSERT INTO ${quote(schema)}.schema_migrations (version, name, checksum, incompatible) VALUES ($1, $2, $3, $4)`,
      [migration.version, migration.name, migration.checksum, isIncompatible(migration.sql)],
    );
    await connection.query("COMMIT");
  } catch (error) {
    await connection.query("ROLLBACK");
    throw new MigrationError(describeFailure(migration, error), error);
  }
}

function describeFailure({ file, sql }: Migration, error: unknown): string {
  if (!(error instanceof pg.DatabaseError)) {
    return `${file} failed: ${error instanceof Error ? error.message : String(error)}`;
  }
  const at = Number(error.position);
  const where =
    at > 0 ? ` at line ${sql.slice(0, at - 1).split("\n").length} (character ${at})` : "";
  return `${file} failed${where}: ${error.message} (SQLSTATE ${error.code ?? "unknown"}); nothing of it was kept`;
}

async function asOwner<T>(
  connection: Connection,
  schema: string,
  work: () => Promise<T>,
): Promise<T> {
  await connection.query(`SET ROLE ${quote(`${schema}_owner`)}`);
  try {
    return await work();
  } finally {
    await connection.query("RESET ROLE");
  }
}
