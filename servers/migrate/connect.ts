import { setTimeout as delay } from "node:timers/promises";
import type { ConnectionOptions } from "node:tls";
import pg from "pg";
import { isConnectionFailure, readPassword } from "../database.ts";
import type { MigrateConfig, MigrateTls } from "./config.ts";

/** Between two attempts. */
const RETRY_MS = 500;

/** One attempt. */
const CONNECT_TIMEOUT_MS = 5000;

/**
 * Connects straight to PostgreSQL and waits, bounded, while it is not there yet. A refused password
 * is no reason to wait: it will not get better.
 */
export async function connect(
  { database, waitMs }: Pick<MigrateConfig, "database" | "waitMs">,
  onWait: (error: unknown) => void,
): Promise<pg.Client> {
  const deadline = performance.now() + waitMs;
  for (let attempt = 1; ; attempt += 1) {
    const client = new pg.Client({
      host: database.host,
      port: database.port,
      database: database.name,
      user: database.user,
      password: await readPassword(database.passwordFile),
      ...(database.tls && { ssl: tlsOptions(database.tls) }),
      application_name: "migrate",
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      keepAlive: true,
    });
    // A connection that breaks later makes the running statement fail, which is reported there.
    client.on("error", () => undefined);
    try {
      await client.connect();
      return client;
    } catch (error) {
      const refused = error instanceof pg.DatabaseError && /^(28|3D)/.test(error.code ?? "");
      if (refused || !isConnectionFailure(error) || performance.now() >= deadline) throw error;
      if (attempt === 1) onWait(error);
      await delay(RETRY_MS);
    }
  }
}

function tlsOptions({ mode, ca }: MigrateTls): ConnectionOptions {
  return {
    rejectUnauthorized: mode !== "require",
    ...(ca !== undefined && { ca }),
    // The chain is judged all the same.
    ...(mode === "verify-ca" && { checkServerIdentity: () => undefined }),
  };
}
