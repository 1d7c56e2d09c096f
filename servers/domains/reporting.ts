import * as z from "zod";
import { defineTool } from "../tools.ts";
import type { Tool } from "../tools.ts";
import { day, line, onlyRow, page, words } from "./fields.ts";

const count = z.object({ book: line, chapter: line, day: z.string(), words });
type Count = z.output<typeof count>;

const COUNT = `book, chapter, counted_on AS day, words`;

export const reporting: readonly Tool[] = [
  defineTool({
    name: "record_word_count",
    title: "Record a word count",
    description:
      "Records how many words a chapter had at the end of a day. Repeating a day replaces its count.",
    effect: "update",
    input: z.strictObject({ book: line, chapter: line, day, words }),
    output: z.object({ count }),
    run: async ({ book, chapter, day, words }, { db, table }) => {
      const rows = await db.query<Count>(
        `INSERT INTO ${table("word_counts")} (book, chapter, counted_on, words) VALUES ($1, $2, $3::date, $4)
         ON CONFLICT (book, chapter, counted_on) DO UPDATE SET words = excluded.words RETURNING ${COUNT}`,
        [book, chapter, day, words],
      );
      return { count: onlyRow(rows, "the count was not stored") };
    },
  }),
  defineTool({
    name: "word_count_report",
    title: "Report word counts",
    description: "Shows the newest count of every chapter of a book and their sum.",
    effect: "read",
    input: z.strictObject({ book: line }),
    output: z.object({
      book: line,
      total: words,
      chapters: z.array(z.object({ chapter: line, day: z.string(), words })),
    }),
    run: async ({ book }, { db, table }) => {
      const chapters = await db.query<{ chapter: string; day: string; words: number }>(
        `SELECT DISTINCT ON (chapter) chapter, counted_on AS day, words FROM ${table("word_counts")}
         WHERE book = $1 ORDER BY chapter, counted_on DESC LIMIT 1000`,
        [book],
      );
      return { book, total: chapters.reduce((sum, chapter) => sum + chapter.words, 0), chapters };
    },
  }),
  defineTool({
    name: "daily_progress",
    title: "Report daily progress",
    description:
      "Shows by how many words a book grew on each of its last days with counts, newest first.",
    effect: "read",
    input: z.strictObject({ book: line, days: z.int().min(1).max(365).default(14) }),
    output: z.object({ days: z.array(z.object({ day: z.string(), written: z.int() })) }),
    run: async ({ book, days }, { db, table }) => {
      const rows = await db.query<{ day: string; written: number }>(
        `SELECT counted_on AS day, sum(growth) AS written FROM (
           SELECT counted_on, words - lag(words, 1, 0) OVER (PARTITION BY chapter ORDER BY counted_on) AS growth
           FROM ${table("word_counts")} WHERE book = $1
         ) AS changes GROUP BY counted_on ORDER BY counted_on DESC LIMIT $2`,
        [book, days],
      );
      return { days: rows };
    },
  }),
  defineTool({
    name: "list_reported_books",
    title: "List reported books",
    description: "Lists the books that have word counts, with the day of the newest.",
    effect: "read",
    input: z.strictObject({ limit: page.limit }),
    output: z.object({
      books: z.array(z.object({ book: line, chapters: z.int(), lastDay: z.string() })),
    }),
    run: async ({ limit }, { db, table }) => {
      const books = await db.query<{ book: string; chapters: number; lastDay: string }>(
        `SELECT book, count(DISTINCT chapter) AS chapters, max(counted_on) AS "lastDay"
         FROM ${table("word_counts")} GROUP BY book ORDER BY book LIMIT $1`,
        [limit],
      );
      return { books };
    },
  }),
];
