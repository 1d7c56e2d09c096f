import * as z from "zod";
import { defineTool } from "../tools.ts";
import type { Tool } from "../tools.ts";
import { id, line, nextAfter, onlyRow, page, pageOf, time } from "./fields.ts";

const fact = z.object({
  id,
  subject: line,
  attribute: line,
  value: line,
  source: line,
  retracted: z.boolean(),
  recordedAt: time,
});
type Fact = z.output<typeof fact>;

const contradiction = z.object({
  subject: line,
  attribute: line,
  statements: z.array(z.object({ id, value: line, source: line })),
});
type Contradiction = z.output<typeof contradiction>;

const FACT = `id, subject, attribute, value, source, retracted_at IS NOT NULL AS retracted, recorded_at AS "recordedAt"`;

export const coreContinuity: readonly Tool[] = [
  defineTool({
    name: "record_fact",
    title: "Record a fact",
    description:
      "Records that, according to a source, an attribute of a subject has a value: Anna / eye colour / green / chapter 3. Tells which recorded facts it contradicts.",
    effect: "add",
    input: z.strictObject({ subject: line, attribute: line, value: line, source: line }),
    output: z.object({ fact, contradicts: z.array(fact) }),
    run: async ({ subject, attribute, value, source }, { db, table }) => {
      const rows = await db.query<Fact>(
        `INSERT INTO ${table("facts")} (subject, attribute, value, source) VALUES ($1, $2, $3, $4) RETURNING ${FACT}`,
        [subject, attribute, value, source],
      );
      const contradicts = await db.query<Fact>(
        `SELECT ${FACT} FROM ${table("facts")}
         WHERE lower(subject) = lower($1) AND lower(attribute) = lower($2) AND lower(value) <> lower($3) AND retracted_at IS NULL
         ORDER BY id LIMIT 100`,
        [subject, attribute, value],
      );
      return { fact: onlyRow(rows, "the fact was not stored"), contradicts };
    },
  }),
  defineTool({
    name: "list_facts",
    title: "List facts",
    description:
      "Lists recorded facts, optionally about one subject; retracted ones only when asked for.",
    effect: "read",
    input: z.strictObject({
      ...page,
      subject: line.optional(),
      includeRetracted: z.boolean().default(false),
    }),
    output: z.object({ facts: z.array(fact), nextAfter }),
    run: async ({ limit, after, subject, includeRetracted }, { db, table }) => {
      const rows = await db.query<Fact>(
        `SELECT ${FACT} FROM ${table("facts")}
         WHERE id > $1 AND ($2::text IS NULL OR lower(subject) = lower($2)) AND ($3 OR retracted_at IS NULL)
         ORDER BY id LIMIT $4`,
        [after ?? 0, subject ?? null, includeRetracted, limit + 1],
      );
      return pageOf("facts", rows, limit);
    },
  }),
  defineTool({
    name: "check_continuity",
    title: "Check continuity",
    description:
      "Finds attributes for which different sources state different values, optionally of one subject.",
    effect: "read",
    input: z.strictObject({ subject: line.optional(), limit: page.limit }),
    output: z.object({ consistent: z.boolean(), contradictions: z.array(contradiction) }),
    run: async ({ subject, limit }, { db, table }) => {
      const contradictions = await db.query<Contradiction>(
        `SELECT min(subject) AS subject, min(attribute) AS attribute,
                json_agg(json_build_object('id', id, 'value', value, 'source', source) ORDER BY id) AS statements
         FROM ${table("facts")}
         WHERE retracted_at IS NULL AND ($1::text IS NULL OR lower(subject) = lower($1))
         GROUP BY lower(subject), lower(attribute) HAVING count(DISTINCT lower(value)) > 1
         ORDER BY 1, 2 LIMIT $2`,
        [subject ?? null, limit],
      );
      return { consistent: contradictions.length === 0, contradictions };
    },
  }),
  defineTool({
    name: "retract_fact",
    title: "Retract a fact",
    description: "Marks a fact as no longer true of the story. It stays on record.",
    effect: "update",
    input: z.strictObject({ factId: id }),
    output: z.object({ fact }),
    run: async ({ factId }, { db, table }) => {
      const rows = await db.query<Fact>(
        `UPDATE ${table("facts")} SET retracted_at = coalesce(retracted_at, now()) WHERE id = $1 RETURNING ${FACT}`,
        [factId],
      );
      return { fact: onlyRow(rows, `no fact has the id ${factId}; list_facts shows the ids`) };
    },
  }),
];
