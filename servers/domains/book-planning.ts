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

const status = z.enum(["idea", "outlining", "drafting", "revising", "done"]);

const book = z.object({
  id,
  title: line,
  premise: z.string(),
  status,
  targetWordCount: words,
  createdAt: time,
  updatedAt: time,
});
type Book = z.output<typeof book>;

const section = z.object({ id, position, heading: line, summary: z.string() });
type Section = z.output<typeof section>;

const BOOK = `id, title, premise, status, target_word_count AS "targetWordCount", created_at AS "createdAt", updated_at AS "updatedAt"`;

export const bookPlanning: readonly Tool[] = [
  defineTool({
    name: "create_book",
    title: "Create a book",
    description: "Adds a book to plan. Titles are unique.",
    effect: "add",
    input: z.strictObject({
      title: line,
      premise: paragraph,
      targetWordCount: words.default(80_000),
    }),
    output: z.object({ book }),
    run: async ({ title, premise, targetWordCount }, { db, table }) => {
      const rows = await explaining(
        db.query<Book>(
          `INSERT INTO ${table("books")} (title, premise, target_word_count) VALUES ($1, $2, $3) RETURNING ${BOOK}`,
          [title, premise, targetWordCount],
        ),
        { duplicate: "a book with this title exists already; list_books shows it" },
      );
      return { book: onlyRow(rows, "the book was not stored") };
    },
  }),
  defineTool({
    name: "list_books",
    title: "List books",
    description:
      "Lists books in the order in which they were added, optionally those of one status.",
    effect: "read",
    input: z.strictObject({ ...page, status: status.optional() }),
    output: z.object({ books: z.array(book), nextAfter }),
    run: async ({ limit, after, status }, { db, table }) => {
      const rows = await db.query<Book>(
        `SELECT ${BOOK} FROM ${table("books")} WHERE id > $1 AND ($2::text IS NULL OR status = $2) ORDER BY id LIMIT $3`,
        [after ?? 0, status ?? null, limit + 1],
      );
      return pageOf("books", rows, limit);
    },
  }),
  defineTool({
    name: "add_outline_section",
    title: "Add an outline section",
    description: "Adds a section at the end of a book's outline.",
    effect: "add",
    input: z.strictObject({ bookId: id, heading: line, summary: paragraph }),
    output: z.object({ section }),
    run: async ({ bookId, heading, summary }, { db, table }) => {
      const rows = await explaining(
        db.query<Section>(
          `INSERT INTO ${table("outline_sections")} (book_id, position, heading, summary)
           SELECT $1, coalesce(max(position), 0) + 1, $2, $3 FROM ${table("outline_sections")} WHERE book_id = $1
           RETURNING id, position, heading, summary`,
          [bookId, heading, summary],
        ),
        {
          missing: `no book has the id ${bookId}; list_books shows the ids`,
          duplicate: "another section was added at the same moment; try again",
        },
      );
      return { section: onlyRow(rows, "the section was not stored") };
    },
  }),
  defineTool({
    name: "get_book_outline",
    title: "Get a book's outline",
    description: "Shows a book and the sections of its outline in order.",
    effect: "read",
    input: z.strictObject({ bookId: id }),
    output: z.object({ book, sections: z.array(section) }),
    run: async ({ bookId }, { db, table }) => {
      const books = await db.query<Book>(`SELECT ${BOOK} FROM ${table("books")} WHERE id = $1`, [
        bookId,
      ]);
      const found = onlyRow(books, `no book has the id ${bookId}; list_books shows the ids`);
      const sections = await db.query<Section>(
        `SELECT id, position, heading, summary FROM ${table("outline_sections")} WHERE book_id = $1 ORDER BY position LIMIT 1000`,
        [bookId],
      );
      return { book: found, sections };
    },
  }),
  defineTool({
    name: "set_book_status",
    title: "Set a book's status",
    description: "Moves a book to another stage of work.",
    effect: "update",
    input: z.strictObject({ bookId: id, status }),
    output: z.object({ book }),
    run: async ({ bookId, status }, { db, table }) => {
      const rows = await db.query<Book>(
        `UPDATE ${table("books")} SET status = $2, updated_at = now() WHERE id = $1 RETURNING ${BOOK}`,
        [bookId, status],
      );
      return { book: onlyRow(rows, `no book has the id ${bookId}; list_books shows the ids`) };
    },
  }),
];
