import * as z from "zod";
import { defineTool } from "../tools.ts";
import type { Tool } from "../tools.ts";
import {
  explaining,
  id,
  line,
  nextAfter,
  onlyRow,
  page,
  pageOf,
  paragraph,
  position,
  time,
  words,
} from "./fields.ts";

const status = z.enum(["planned", "drafted", "revised", "final"]);

const chapter = z.object({
  id,
  book: line,
  number: position,
  title: line,
  goal: z.string(),
  status,
  targetWordCount: words,
  updatedAt: time,
});
type Chapter = z.output<typeof chapter>;

const beat = z.object({ id, position, summary: z.string() });
type Beat = z.output<typeof beat>;

const CHAPTER = `id, book, number, title, goal, status, target_word_count AS "targetWordCount", updated_at AS "updatedAt"`;

const noChapter = (chapterId: number): string =>
  `no chapter has the id ${chapterId}; list_chapters shows the ids`;

export const chapterPlanning: readonly Tool[] = [
  defineTool({
    name: "create_chapter",
    title: "Create a chapter",
    description: "Plans a chapter of a book. A number is used once per book.",
    effect: "add",
    input: z.strictObject({
      book: line,
      number: position,
      title: line,
      goal: paragraph.describe("What must be different at the end of the chapter."),
      targetWordCount: words.default(3000),
    }),
    output: z.object({ chapter }),
    run: async ({ book, number, title, goal, targetWordCount }, { db, table }) => {
      const rows = await explaining(
        db.query<Chapter>(
          `INSERT INTO ${table("chapters")} (book, number, title, goal, target_word_count) VALUES ($1, $2, $3, $4, $5) RETURNING ${CHAPTER}`,
          [book, number, title, goal, targetWordCount],
        ),
        { duplicate: `this book has a chapter ${number} already; list_chapters shows it` },
      );
      return { chapter: onlyRow(rows, "the chapter was not stored") };
    },
  }),
  defineTool({
    name: "list_chapters",
    title: "List chapters",
    description:
      "Lists planned chapters, optionally of one book, in the order in which they were added.",
    effect: "read",
    input: z.strictObject({ ...page, book: line.optional() }),
    output: z.object({ chapters: z.array(chapter), nextAfter }),
    run: async ({ limit, after, book }, { db, table }) => {
      const rows = await db.query<Chapter>(
        `SELECT ${CHAPTER} FROM ${table("chapters")} WHERE id > $1 AND ($2::text IS NULL OR book = $2) ORDER BY id LIMIT $3`,
        [after ?? 0, book ?? null, limit + 1],
      );
      return pageOf("chapters", rows, limit);
    },
  }),
  defineTool({
    name: "add_chapter_beat",
    title: "Add a beat",
    description: "Adds a beat at the end of a chapter's plan.",
    effect: "add",
    input: z.strictObject({ chapterId: id, summary: paragraph }),
    output: z.object({ beat }),
    run: async ({ chapterId, summary }, { db, table }) => {
      const rows = await explaining(
        db.query<Beat>(
          `INSERT INTO ${table("chapter_beats")} (chapter_id, position, summary)
           SELECT $1, coalesce(max(position), 0) + 1, $2 FROM ${table("chapter_beats")} WHERE chapter_id = $1
           RETURNING id, position, summary`,
          [chapterId, summary],
        ),
        {
          missing: noChapter(chapterId),
          duplicate: "another beat was added at the same moment; try again",
        },
      );
      return { beat: onlyRow(rows, "the beat was not stored") };
    },
  }),
  defineTool({
    name: "get_chapter_plan",
    title: "Get a chapter's plan",
    description: "Shows a chapter and its beats in order.",
    effect: "read",
    input: z.strictObject({ chapterId: id }),
    output: z.object({ chapter, beats: z.array(beat) }),
    run: async ({ chapterId }, { db, table }) => {
      const found = onlyRow(
        await db.query<Chapter>(`SELECT ${CHAPTER} FROM ${table("chapters")} WHERE id = $1`, [
          chapterId,
        ]),
        noChapter(chapterId),
      );
      const beats = await db.query<Beat>(
        `SELECT id, position, summary FROM ${table("chapter_beats")} WHERE chapter_id = $1 ORDER BY position LIMIT 1000`,
        [chapterId],
      );
      return { chapter: found, beats };
    },
  }),
  defineTool({
    name: "set_chapter_status",
    title: "Set a chapter's status",
    description: "Moves a chapter to another stage of work.",
    effect: "update",
    input: z.strictObject({ chapterId: id, status }),
    output: z.object({ chapter }),
    run: async ({ chapterId, status }, { db, table }) => {
      const rows = await db.query<Chapter>(
        `UPDATE ${table("chapters")} SET status = $2, updated_at = now() WHERE id = $1 RETURNING ${CHAPTER}`,
        [chapterId, status],
      );
      return { chapter: onlyRow(rows, noChapter(chapterId)) };
    },
  }),
];
