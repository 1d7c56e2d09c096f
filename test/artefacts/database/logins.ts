import pg from "pg";
import { spec } from "./data-tier.ts";

interface Login {
  readonly user: string;
  readonly password: string;
  readonly database?: string;
}

/** What the mocked random provider answers. */
export const password = (role: string) => `made-up-for-credentials-${role}`;

export async function as<T>(port: number, login: Login, work: (client: pg.Client) => Promise<T>) {
  const client = new pg.Client({
    host: "127.0.0.1",
    port,
    database: spec.name,
    connectionTimeoutMillis: 10_000,
    ...login,
  });
  client.on("error", () => undefined);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** Message of the refused login. */
export function refusal(port: number, login: Login): Promise<string> {
  return as(port, login, () => Promise.resolve("let in")).catch((error: Error) => error.message);
}
