import * as z from "zod";
import { defineTool } from "../tools.ts";

/** The one tool that every domain has: harmless, so probes call it. It asks the database as well. */
export const serverStatus = defineTool({
  name: "server_status",
  title: "Server status",
  description:
    "Tells which server and release this is, for how long it runs, and whether its database answers now. Changes nothing.",
  effect: "read",
  input: z.strictObject({}),
  output: z.object({
    server: z.string(),
    domain: z.string(),
    version: z.string(),
    release: z.string(),
    uptimeSeconds: z.number(),
    activeSessions: z.number(),
    database: z.object({ healthy: z.boolean(), latencyMs: z.number(), time: z.string() }),
  }),
  run: async (_args, { db, status }) => {
    const rows = await db.query<{ time: string }>("SELECT now() AS time");
    const { database, ...rest } = status();
    return { ...rest, database: { ...database, time: rows[0]?.time ?? "" } };
  },
});
