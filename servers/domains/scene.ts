import * as z from "zod";
import { defineTool } from "../tools.ts";
import type { Tool } from "../tools.ts";
import {
  explaining,
  id,
  line,
  longText,
  nextAfter,
  onlyRow,
  page,
  pageOf,
  position,
  time,
  words,
} from "./fields.ts";

const scene = z.object({
  id,
  chapter: line,
  position,
  title: line,
  pointOfView: line,
  location: line,
  wordCount: words,
  updatedAt: time,
});
type Scene = z.output<typeof scene>;

const match = z.object({ id, chapter: line, title: line, excerpt: z.string() });
type Match = z.output<typeof match>;

const SCENE = `id, chapter, position, title, point_of_view AS "pointOfView", location, word_count AS "wordCount", updated_at AS "updatedAt"`;

const noScene = (sceneId: number): string =>
  `no scene has the id ${sceneId}; list_scenes shows the ids`;

export const sceneTools: readonly Tool[] = [
  defineTool({
    name: "create_scene",
    title: "Create a scene",
    description: "Adds a scene at the end of a chapter.",
    effect: "add",
    input: z.strictObject({ chapter: line, title: line, pointOfView: line, location: line }),
    output: z.object({ scene }),
    run: async ({ chapter, title, pointOfView, location }, { db, table }) => {
      const rows = await explaining(
        db.query<Scene>(
          `INSERT INTO ${table("scenes")} (chapter, position, title, point_of_view, location)
           SELECT $1::text, coalesce(max(position), 0) + 1, $2, $3, $4 FROM ${table("scenes")} WHERE chapter = $1
           RETURNING ${SCENE}`,
          [chapter, title, pointOfView, location],
        ),
        { duplicate: "another scene was added at the same moment; try again" },
      );
      return { scene: onlyRow(rows, "the scene was not stored") };
    },
  }),
  defineTool({
    name: "list_scenes",
    title: "List scenes",
    description:
      "Lists scenes without their text, optionally of one chapter, in the order in which they were added.",
    effect: "read",
    input: z.strictObject({ ...page, chapter: line.optional() }),
    output: z.object({ scenes: z.array(scene), nextAfter }),
    run: async ({ limit, after, chapter }, { db, table }) => {
      const rows = await db.query<Scene>(
        `SELECT ${SCENE} FROM ${table("scenes")} WHERE id > $1 AND ($2::text IS NULL OR chapter = $2) ORDER BY id LIMIT $3`,
        [after ?? 0, chapter ?? null, limit + 1],
      );
      return pageOf("scenes", rows, limit);
    },
  }),
  defineTool({
    name: "write_scene_text",
    title: "Write a scene's text",
    description: "Replaces the text of a scene and counts its words.",
    effect: "update",
    input: z.strictObject({ sceneId: id, text: longText }),
    output: z.object({ scene }),
    run: async ({ sceneId, text }, { db, table }) => {
      const rows = await db.query<Scene>(
        `UPDATE ${table("scenes")} SET body = $2, word_count = $3, updated_at = now() WHERE id = $1 RETURNING ${SCENE}`,
        [sceneId, text, countWords(text)],
      );
      return { scene: onlyRow(rows, noScene(sceneId)) };
    },
  }),
  defineTool({
    name: "get_scene",
    title: "Get a scene",
    description: "Shows a scene with its text.",
    effect: "read",
    input: z.strictObject({ sceneId: id }),
    output: z.object({ scene, text: z.string() }),
    run: async ({ sceneId }, { db, table }) => {
      const rows = await db.query<Scene & { body: string }>(
        `SELECT ${SCENE}, body FROM ${table("scenes")} WHERE id = $1`,
        [sceneId],
      );
      const { body, ...found } = onlyRow(rows, noScene(sceneId));
      return { scene: found, text: body };
    },
  }),
  defineTool({
    name: "search_scenes",
    title: "Search scenes",
    description: "Finds scenes whose text has all the given words, best match first.",
    effect: "read",
    input: z.strictObject({ words: line, limit: page.limit }),
    output: z.object({ matches: z.array(match) }),
    run: async ({ words, limit }, { db, table }) => {
      const matches = await db.query<Match>(
        `SELECT id, chapter, title, ts_headline('simple', body, q, 'MaxFragments=1, MaxWords=20, MinWords=5') AS excerpt
         FROM ${table("scenes")}, plainto_tsquery('simple', $1) AS q
         WHERE to_tsvector('simple', body) @@ q ORDER BY ts_rank(to_tsvector('simple', body), q) DESC, id LIMIT $2`,
        [words, limit],
      );
      return { matches };
    },
  }),
];

/** Words as a writer counts them: what stands between white space. */
export function countWords(text: string): number {
  return text.match(/\S+/g)?.length ?? 0;
}
