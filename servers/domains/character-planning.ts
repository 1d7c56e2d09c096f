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
  time,
} from "./fields.ts";

const role = z.enum(["protagonist", "antagonist", "supporting", "minor"]);

const character = z.object({ id, name: line, role, summary: z.string(), createdAt: time });
type Character = z.output<typeof character>;

const trait = z.object({ id, kind: line, detail: z.string() });
type Trait = z.output<typeof trait>;

const relation = z.object({ characterId: id, name: line, kind: line });
type Relation = z.output<typeof relation>;

const CHARACTER = `id, name, role, summary, created_at AS "createdAt"`;

const noCharacter = (characterId: number): string =>
  `no character has the id ${characterId}; list_characters shows the ids`;

export const characterPlanning: readonly Tool[] = [
  defineTool({
    name: "create_character",
    title: "Create a character",
    description: "Adds a character. Names are unique.",
    effect: "add",
    input: z.strictObject({ name: line, role, summary: paragraph }),
    output: z.object({ character }),
    run: async ({ name, role, summary }, { db, table }) => {
      const rows = await explaining(
        db.query<Character>(
          `INSERT INTO ${table("characters")} (name, role, summary) VALUES ($1, $2, $3) RETURNING ${CHARACTER}`,
          [name, role, summary],
        ),
        { duplicate: "a character of this name exists already; list_characters shows it" },
      );
      return { character: onlyRow(rows, "the character was not stored") };
    },
  }),
  defineTool({
    name: "list_characters",
    title: "List characters",
    description:
      "Lists characters in the order in which they were added, optionally those of one role.",
    effect: "read",
    input: z.strictObject({ ...page, role: role.optional() }),
    output: z.object({ characters: z.array(character), nextAfter }),
    run: async ({ limit, after, role }, { db, table }) => {
      const rows = await db.query<Character>(
        `SELECT ${CHARACTER} FROM ${table("characters")} WHERE id > $1 AND ($2::text IS NULL OR role = $2) ORDER BY id LIMIT $3`,
        [after ?? 0, role ?? null, limit + 1],
      );
      return pageOf("characters", rows, limit);
    },
  }),
  defineTool({
    name: "add_character_trait",
    title: "Add a trait",
    description:
      "Notes a trait of a character: looks, voice, want, fear and the like. Repeating a kind replaces its detail.",
    effect: "update",
    input: z.strictObject({ characterId: id, kind: line, detail: paragraph }),
    output: z.object({ trait }),
    run: async ({ characterId, kind, detail }, { db, table }) => {
      const rows = await explaining(
        db.query<Trait>(
          `INSERT INTO ${table("character_traits")} (character_id, kind, detail) VALUES ($1, $2, $3)
           ON CONFLICT (character_id, kind) DO UPDATE SET detail = excluded.detail RETURNING id, kind, detail`,
          [characterId, kind, detail],
        ),
        { missing: noCharacter(characterId) },
      );
      return { trait: onlyRow(rows, "the trait was not stored") };
    },
  }),
  defineTool({
    name: "relate_characters",
    title: "Relate two characters",
    description:
      "Says what one character is to another, as in 'sister' or 'owes money to'. Repeating it replaces the kind.",
    effect: "update",
    input: z
      .strictObject({ fromId: id, toId: id, kind: line })
      .refine((given) => given.fromId !== given.toId, {
        path: ["toId"],
        message: "must be another character",
      }),
    output: z.object({ fromId: id, toId: id, kind: line }),
    run: async ({ fromId, toId, kind }, { db, table }) => {
      await explaining(
        db.query(
          `INSERT INTO ${table("character_relations")} (from_id, to_id, kind) VALUES ($1, $2, $3)
           ON CONFLICT (from_id, to_id) DO UPDATE SET kind = excluded.kind`,
          [fromId, toId, kind],
        ),
        { missing: `no character has the id ${fromId} or ${toId}; list_characters shows the ids` },
      );
      return { fromId, toId, kind };
    },
  }),
  defineTool({
    name: "get_character",
    title: "Get a character",
    description: "Shows a character with traits and relations to others.",
    effect: "read",
    input: z.strictObject({ characterId: id }),
    output: z.object({ character, traits: z.array(trait), relations: z.array(relation) }),
    run: async ({ characterId }, { db, table }) => {
      const found = onlyRow(
        await db.query<Character>(`SELECT ${CHARACTER} FROM ${table("characters")} WHERE id = $1`, [
          characterId,
        ]),
        noCharacter(characterId),
      );
      const traits = await db.query<Trait>(
        `SELECT id, kind, detail FROM ${table("character_traits")} WHERE character_id = $1 ORDER BY kind LIMIT 1000`,
        [characterId],
      );
      const relations = await db.query<Relation>(
        `SELECT c.id AS "characterId", c.name, r.kind FROM ${table("character_relations")} r
         JOIN ${table("characters")} c ON c.id = r.to_id WHERE r.from_id = $1 ORDER BY c.name LIMIT 1000`,
        [characterId],
      );
      return { character: found, traits, relations };
    },
  }),
];
