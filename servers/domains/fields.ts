import * as z from "zod";
import { ToolError } from "../tools.ts";

/** Identifier of a row. */
export const id = z.int().min(1).max(2_147_483_647);

/** One line: names, titles. */
export const line = z.string().trim().min(1).max(200);

/** A paragraph or two: premises, summaries, notes. */
export const paragraph = z.string().trim().min(1).max(4000);

/** A whole scene. Characters; about 15,000 words. */
export const longText = z.string().max(100_000);

/** Position in a list that people count from one. */
export const position = z.int().min(1).max(10_000);

export const words = z.int().min(0).max(10_000_000);

/** ISO 8601 time as the database gives it. */
export const time = z.string();

/** Calendar day, `2026-01-31`. */
export const day = z.iso.date();

/** Keyset pagination: pages stay stable while rows are added, and the last page costs what the first does. */
export const page = {
  limit: z.int().min(1).max(100).default(20).describe("Rows per page, 1-100."),
  after: id.optional().describe("`nextAfter` of the page before; omit for the first page."),
};

/** A page of rows under `key`, with the `after` of the next page or null at the end. */
export function pageOf<const K extends string, Row extends { id: number }>(
  key: K,
  rows: readonly Row[],
  limit: number,
): Record<K, Row[]> & { nextAfter: number | null } {
  const shown = rows.slice(0, limit);
  const nextAfter = rows.length > limit ? (shown.at(-1)?.id ?? null) : null;
  return { [key]: shown, nextAfter } as Record<K, Row[]> & { nextAfter: number | null };
}

export const nextAfter = id
  .nullable()
  .describe("Pass as `after` for the next page; null at the end.");

/** The only row, or the caller's mistake in the words given. */
export function onlyRow<Row>(rows: readonly Row[], missing: string): Row {
  const row = rows[0];
  if (row === undefined) throw new ToolError(missing);
  return row;
}

/** Turns the breach of a constraint into words for the caller; other errors pass. */
export async function explaining<T>(
  work: Promise<T>,
  words: { readonly duplicate?: string; readonly missing?: string },
): Promise<T> {
  try {
    return await work;
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "23505" && words.duplicate !== undefined) throw new ToolError(words.duplicate);
    if (code === "23503" && words.missing !== undefined) throw new ToolError(words.missing);
    throw error;
  }
}
