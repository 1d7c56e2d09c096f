import * as z from "zod";
import { defineTool } from "../tools.ts";
import type { Tool } from "../tools.ts";
import { id, line, nextAfter, onlyRow, page, pageOf, paragraph, time } from "./fields.ts";

const severity = z.enum(["praise", "suggestion", "problem", "blocker"]);

const note = z.object({
  id,
  target: line,
  reviewer: line,
  severity,
  body: z.string(),
  resolution: z.string().nullable(),
  createdAt: time,
});
type Note = z.output<typeof note>;

const NOTE = `id, target, reviewer, severity, body, resolution, created_at AS "createdAt"`;

export const review: readonly Tool[] = [
  defineTool({
    name: "add_review_note",
    title: "Add a review note",
    description:
      "Notes what a reviewer says about a part of the work, such as 'chapter 3' or 'scene 12'.",
    effect: "add",
    input: z.strictObject({ target: line, reviewer: line, severity, body: paragraph }),
    output: z.object({ note }),
    run: async ({ target, reviewer, severity, body }, { db, table }) => {
      const rows = await db.query<Note>(
        `INSERT INTO ${table("review_notes")} (target, reviewer, severity, body) VALUES ($1, $2, $3, $4) RETURNING ${NOTE}`,
        [target, reviewer, severity, body],
      );
      return { note: onlyRow(rows, "the note was not stored") };
    },
  }),
  defineTool({
    name: "list_review_notes",
    title: "List review notes",
    description:
      "Lists notes in the order in which they were added, optionally about one part or only open ones.",
    effect: "read",
    input: z.strictObject({
      ...page,
      target: line.optional(),
      onlyOpen: z.boolean().default(false),
    }),
    output: z.object({ notes: z.array(note), nextAfter }),
    run: async ({ limit, after, target, onlyOpen }, { db, table }) => {
      const rows = await db.query<Note>(
        `SELECT ${NOTE} FROM ${table("review_notes")}
         WHERE id > $1 AND ($2::text IS NULL OR target = $2) AND (NOT $3 OR resolution IS NULL) ORDER BY id LIMIT $4`,
        [after ?? 0, target ?? null, onlyOpen, limit + 1],
      );
      return pageOf("notes", rows, limit);
    },
  }),
  defineTool({
    name: "resolve_review_note",
    title: "Resolve a review note",
    description: "Closes a note and says how it was dealt with.",
    effect: "update",
    input: z.strictObject({ noteId: id, resolution: paragraph }),
    output: z.object({ note }),
    run: async ({ noteId, resolution }, { db, table }) => {
      const rows = await db.query<Note>(
        `UPDATE ${table("review_notes")} SET resolution = $2, resolved_at = now() WHERE id = $1 RETURNING ${NOTE}`,
        [noteId, resolution],
      );
      return {
        note: onlyRow(rows, `no note has the id ${noteId}; list_review_notes shows the ids`),
      };
    },
  }),
  defineTool({
    name: "review_summary",
    title: "Summarise reviews",
    description:
      "Counts open and resolved notes per part of the work, those with most open notes first.",
    effect: "read",
    input: z.strictObject({ limit: page.limit }),
    output: z.object({
      targets: z.array(
        z.object({ target: line, open: z.int(), blockers: z.int(), resolved: z.int() }),
      ),
    }),
    run: async ({ limit }, { db, table }) => {
      const targets = await db.query<{
        target: string;
        open: number;
        blockers: number;
        resolved: number;
      }>(
        `SELECT target, count(*) FILTER (WHERE resolution IS NULL) AS open,
                count(*) FILTER (WHERE resolution IS NULL AND severity = 'blocker') AS blockers,
                count(resolution) AS resolved
         FROM ${table("review_notes")} GROUP BY target ORDER BY open DESC, target LIMIT $1`,
        [limit],
      );
      return { targets };
    },
  }),
];
