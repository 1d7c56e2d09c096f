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
} from "./fields.ts";

const series = z.object({
  id,
  title: line,
  logline: z.string(),
  plannedBooks: z.int(),
  createdAt: time,
});
type Series = z.output<typeof series>;

const entry = z.object({ id, position, title: line, synopsis: z.string() });
type Entry = z.output<typeof entry>;

const arc = z.object({
  id,
  name: line,
  description: z.string(),
  fromPosition: position,
  toPosition: position,
});
type Arc = z.output<typeof arc>;

const SERIES = `id, title, logline, planned_books AS "plannedBooks", created_at AS "createdAt"`;
const ARC = `id, name, description, from_position AS "fromPosition", to_position AS "toPosition"`;

const noSeries = (seriesId: number): string =>
  `no series has the id ${seriesId}; list_series shows the ids`;

export const seriesPlanning: readonly Tool[] = [
  defineTool({
    name: "create_series",
    title: "Create a series",
    description: "Adds a series of books to plan. Titles are unique.",
    effect: "add",
    input: z.strictObject({
      title: line,
      logline: paragraph,
      plannedBooks: z.int().min(1).max(100).default(3),
    }),
    output: z.object({ series }),
    run: async ({ title, logline, plannedBooks }, { db, table }) => {
      const rows = await explaining(
        db.query<Series>(
          `INSERT INTO ${table("series")} (title, logline, planned_books) VALUES ($1, $2, $3) RETURNING ${SERIES}`,
          [title, logline, plannedBooks],
        ),
        { duplicate: "a series with this title exists already; list_series shows it" },
      );
      return { series: onlyRow(rows, "the series was not stored") };
    },
  }),
  defineTool({
    name: "list_series",
    title: "List series",
    description: "Lists series in the order in which they were added.",
    effect: "read",
    input: z.strictObject(page),
    output: z.object({ series: z.array(series), nextAfter }),
    run: async ({ limit, after }, { db, table }) => {
      const rows = await db.query<Series>(
        `SELECT ${SERIES} FROM ${table("series")} WHERE id > $1 ORDER BY id LIMIT $2`,
        [after ?? 0, limit + 1],
      );
      return pageOf("series", rows, limit);
    },
  }),
  defineTool({
    name: "add_series_entry",
    title: "Add a book to a series",
    description: "Adds a book at the end of a series.",
    effect: "add",
    input: z.strictObject({ seriesId: id, title: line, synopsis: paragraph }),
    output: z.object({ entry }),
    run: async ({ seriesId, title, synopsis }, { db, table }) => {
      const rows = await explaining(
        db.query<Entry>(
          `INSERT INTO ${table("series_entries")} (series_id, position, title, synopsis)
           SELECT $1, coalesce(max(position), 0) + 1, $2, $3 FROM ${table("series_entries")} WHERE series_id = $1
           RETURNING id, position, title, synopsis`,
          [seriesId, title, synopsis],
        ),
        {
          missing: noSeries(seriesId),
          duplicate: "another book was added at the same moment; try again",
        },
      );
      return { entry: onlyRow(rows, "the book was not stored") };
    },
  }),
  defineTool({
    name: "add_series_arc",
    title: "Add a story arc",
    description: "Adds an arc that spans books of a series, given by their positions.",
    effect: "add",
    input: z
      .strictObject({
        seriesId: id,
        name: line,
        description: paragraph,
        fromPosition: position,
        toPosition: position,
      })
      .refine((arc) => arc.toPosition >= arc.fromPosition, {
        path: ["toPosition"],
        message: "must not lie before fromPosition",
      }),
    output: z.object({ arc }),
    run: async ({ seriesId, name, description, fromPosition, toPosition }, { db, table }) => {
      const rows = await explaining(
        db.query<Arc>(
          `INSERT INTO ${table("series_arcs")} (series_id, name, description, from_position, to_position)
           VALUES ($1, $2, $3, $4, $5) RETURNING ${ARC}`,
          [seriesId, name, description, fromPosition, toPosition],
        ),
        { missing: noSeries(seriesId), duplicate: "this series has an arc of that name already" },
      );
      return { arc: onlyRow(rows, "the arc was not stored") };
    },
  }),
  defineTool({
    name: "get_series_plan",
    title: "Get a series plan",
    description: "Shows a series with its books in order and its arcs.",
    effect: "read",
    input: z.strictObject({ seriesId: id }),
    output: z.object({ series, entries: z.array(entry), arcs: z.array(arc) }),
    run: async ({ seriesId }, { db, table }) => {
      const found = onlyRow(
        await db.query<Series>(`SELECT ${SERIES} FROM ${table("series")} WHERE id = $1`, [
          seriesId,
        ]),
        noSeries(seriesId),
      );
      const entries = await db.query<Entry>(
        `SELECT id, position, title, synopsis FROM ${table("series_entries")} WHERE series_id = $1 ORDER BY position LIMIT 1000`,
        [seriesId],
      );
      const arcs = await db.query<Arc>(
        `SELECT ${ARC} FROM ${table("series_arcs")} WHERE series_id = $1 ORDER BY from_position, id LIMIT 1000`,
        [seriesId],
      );
      return { series: found, entries, arcs };
    },
  }),
];
