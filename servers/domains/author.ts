import * as z from "zod";
import { defineTool } from "../tools.ts";
import type { Tool } from "../tools.ts";
import {
  day,
  explaining,
  id,
  line,
  nextAfter,
  onlyRow,
  page,
  pageOf,
  paragraph,
  time,
  words,
} from "./fields.ts";

const author = z.object({
  id,
  penName: line,
  biography: z.string(),
  styleGuide: z.string(),
  updatedAt: time,
});
type Author = z.output<typeof author>;

const goal = z.object({ id, title: line, targetWords: words, dueOn: z.string() });
type Goal = z.output<typeof goal>;

const AUTHOR = `id, pen_name AS "penName", biography, style_guide AS "styleGuide", updated_at AS "updatedAt"`;
const GOAL = `id, title, target_words AS "targetWords", due_on AS "dueOn"`;

const noAuthor = (authorId: number): string =>
  `no author has the id ${authorId}; list_authors shows the ids`;

export const authorTools: readonly Tool[] = [
  defineTool({
    name: "create_author",
    title: "Create an author",
    description: "Adds an author. Pen names are unique.",
    effect: "add",
    input: z.strictObject({ penName: line, biography: paragraph }),
    output: z.object({ author }),
    run: async ({ penName, biography }, { db, table }) => {
      const rows = await explaining(
        db.query<Author>(
          `INSERT INTO ${table("authors")} (pen_name, biography) VALUES ($1, $2) RETURNING ${AUTHOR}`,
          [penName, biography],
        ),
        { duplicate: "an author of this pen name exists already; list_authors shows it" },
      );
      return { author: onlyRow(rows, "the author was not stored") };
    },
  }),
  defineTool({
    name: "list_authors",
    title: "List authors",
    description: "Lists authors in the order in which they were added.",
    effect: "read",
    input: z.strictObject(page),
    output: z.object({ authors: z.array(author), nextAfter }),
    run: async ({ limit, after }, { db, table }) => {
      const rows = await db.query<Author>(
        `SELECT ${AUTHOR} FROM ${table("authors")} WHERE id > $1 ORDER BY id LIMIT $2`,
        [after ?? 0, limit + 1],
      );
      return pageOf("authors", rows, limit);
    },
  }),
  defineTool({
    name: "set_style_guide",
    title: "Set an author's style guide",
    description:
      "Replaces the notes on an author's voice: tense, person, sentence length, words to avoid.",
    effect: "update",
    input: z.strictObject({ authorId: id, styleGuide: paragraph }),
    output: z.object({ author }),
    run: async ({ authorId, styleGuide }, { db, table }) => {
      const rows = await db.query<Author>(
        `UPDATE ${table("authors")} SET style_guide = $2, updated_at = now() WHERE id = $1 RETURNING ${AUTHOR}`,
        [authorId, styleGuide],
      );
      return { author: onlyRow(rows, noAuthor(authorId)) };
    },
  }),
  defineTool({
    name: "set_writing_goal",
    title: "Set a writing goal",
    description:
      "Sets how many words of a work an author wants to have by a day. Repeating a title replaces the goal.",
    effect: "update",
    input: z.strictObject({ authorId: id, title: line, targetWords: words, dueOn: day }),
    output: z.object({ goal }),
    run: async ({ authorId, title, targetWords, dueOn }, { db, table }) => {
      const rows = await explaining(
        db.query<Goal>(
          `INSERT INTO ${table("writing_goals")} (author_id, title, target_words, due_on) VALUES ($1, $2, $3, $4::date)
           ON CONFLICT (author_id, title) DO UPDATE SET target_words = excluded.target_words, due_on = excluded.due_on
           RETURNING ${GOAL}`,
          [authorId, title, targetWords, dueOn],
        ),
        { missing: noAuthor(authorId) },
      );
      return { goal: onlyRow(rows, "the goal was not stored") };
    },
  }),
  defineTool({
    name: "get_author",
    title: "Get an author",
    description: "Shows an author with style guide and writing goals, the next one due first.",
    effect: "read",
    input: z.strictObject({ authorId: id }),
    output: z.object({ author, goals: z.array(goal) }),
    run: async ({ authorId }, { db, table }) => {
      const found = onlyRow(
        await db.query<Author>(`SELECT ${AUTHOR} FROM ${table("authors")} WHERE id = $1`, [
          authorId,
        ]),
        noAuthor(authorId),
      );
      const goals = await db.query<Goal>(
        `SELECT ${GOAL} FROM ${table("writing_goals")} WHERE author_id = $1 ORDER BY due_on, id LIMIT 1000`,
        [authorId],
      );
      return { author: found, goals };
    },
  }),
];
