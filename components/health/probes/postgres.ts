import type { Duplex } from "node:stream";
import { excerpt, fail, pass, type Finding } from "../answer.ts";
import { askedOf, type ProbeContext } from "../context.ts";
import { describeProbe } from "../describe.ts";
import type { ProbeOf } from "../probe.schema.ts";

/** Connects, asks, and leaves: a pooler that accepts old connections only has to be noticed. */
export async function askPostgres(
  probe: ProbeOf<"postgres">,
  context: ProbeContext,
): Promise<Finding> {
  const { Client } = (await import("pg")).default;
  const asked = describeProbe(probe);
  const password =
    probe.passwordOf === undefined
      ? undefined
      : await context.secrets.get({ kind: "password", of: probe.passwordOf });
  const { signal } = context;
  const stream = await context.transport.dial(askedOf(probe, context), probe.port, { signal });
  const client = new Client({
    user: probe.user,
    database: probe.database,
    ...(password !== undefined && { password }),
    application_name: "fleet-health",
    stream: () => connected(stream),
  });
  client.on("error", () => undefined);
  // The driver knows no signals: what ends the connection ends the question.
  const abort = () => stream.destroy(new Error("no answer in time"));
  signal.addEventListener("abort", abort, { once: true });
  try {
    await client.connect();
    const { rows } = await client.query<unknown[]>({ text: probe.query, rowMode: "array" });
    if (rows.length === 0) return fail(`${asked} gave no row`);
    const first = rows[0]![0];
    if (probe.expect !== undefined && textOf(first) !== textOf(probe.expect)) {
      return fail(`${asked} gave ${excerpt(textOf(first), 80)}, not ${textOf(probe.expect)}`);
    }
    return pass(`${asked} was answered`);
  } catch (error) {
    if (isRefusal(error)) return fail(`${asked} was refused: ${excerpt(error.message)}`);
    throw error;
  } finally {
    signal.removeEventListener("abort", abort);
    await client.end().catch(() => undefined);
    stream.destroy();
  }
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value ?? null);
}

/** An answer of the database or the pooler, as against a connection that broke. */
function isRefusal(error: unknown): error is Error {
  return error instanceof Error && "severity" in error;
}

/** The driver wants to connect its socket itself; this one is connected already. */
function connected(stream: Duplex): Duplex {
  return Object.assign(stream, {
    connect: () => void process.nextTick(() => stream.emit("connect")),
  });
}
