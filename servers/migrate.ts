import { ConfigError } from "./config.ts";
import { createLogger } from "./logging.ts";
import { parseMigrateConfig } from "./migrate/config.ts";
import type { MigrateConfig } from "./migrate/config.ts";
import { connect } from "./migrate/connect.ts";
import { knownMigrations } from "./migrate/known.ts";
import { prepareDatabase } from "./migrate/prepare.ts";
import { reconcileRoles, type Connection } from "./migrate/roles.ts";
import { migrateSchema } from "./migrate/runner.ts";

/** Any number, the same for every run: two runs at once wait for each other. */
const ADVISORY_LOCK = 7_301_003_010;

/** Longest wait for another run, and for what a statement locks. */
const LOCK_TIMEOUT_SECONDS = 60;

const log = createLogger({
  name: "migrate",
  environment: process.env["ENVIRONMENT"] || "production",
  logLevel: "info",
  logFormat: "json",
});

async function migrate(config: MigrateConfig): Promise<void> {
  const started = performance.now();
  const { host, port } = config.database;
  const client = await connect(config, (error) =>
    log.info({ host, port, error }, "waiting for the database"),
  );
  try {
    // Bounded, or a run that hangs would hang every later one.
    await client.query(`SET lock_timeout = '${LOCK_TIMEOUT_SECONDS}s'`);
    await client.query("SELECT pg_advisory_lock($1)", [ADVISORY_LOCK]);
    const passwords = await reconcile(client, config);
    log.info({ servers: config.roles.servers.length, passwords }, "roles are as declared");
    const known = await knownMigrations();
    let applied = 0;
    for (const { name, domain, schema } of config.roles.servers) {
      const result = await migrateSchema(client, schema, known[domain ?? name] ?? []);
      applied += result.applied.length;
      log.info({ server: name, ...result }, result.applied.length > 0 ? "migrated" : "up to date");
    }
    log.info(
      {
        schemas: config.roles.servers.length,
        applied,
        passwordsSet: passwords.length,
        durationMs: Math.round(performance.now() - started),
      },
      "migration finished",
    );
  } finally {
    // Ends the lock as well.
    await client.end();
  }
}

/** @returns the names of the roles whose password was set. */
async function reconcile(
  connection: Connection,
  { roles, passwords }: MigrateConfig,
): Promise<string[]> {
  if (!roles.prepare) return reconcileRoles(connection, roles, passwords);
  // Roles that are made without being noted down as ours would be taken for somebody else's the next time.
  await connection.query("BEGIN");
  try {
    await prepareDatabase(connection, roles);
    const changed = await reconcileRoles(connection, roles, passwords);
    await connection.query("COMMIT");
    return changed;
  } catch (error) {
    // A connection that is gone has rolled back, and its loss is not what went wrong first.
    await connection.query("ROLLBACK").catch(() => undefined);
    throw error;
  }
}

try {
  await migrate(parseMigrateConfig(process.env));
} catch (error) {
  if (error instanceof ConfigError) process.stderr.write(`${error.message}\n`);
  else log.fatal({ error }, "migration failed");
  process.exitCode = 1;
}
