import * as z from "zod";
import type { Queryable } from "./database.ts";

/** A mistake of the caller: shown to the model as it is, and not counted as a fault of the server. */
export class ToolError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "ToolError";
  }
}

/** What a tool gets beside its arguments. */
export interface ToolContext {
  readonly db: Queryable;
  /** Qualified, quoted name of a table of this server: connections carry no search path to rely on. */
  readonly table: (name: string) => string;
  /** Facts about the running process, for `server_status`. */
  readonly status: () => ServerStatus;
}

interface ServerStatus {
  readonly server: string;
  readonly domain: string;
  readonly version: string;
  readonly release: string;
  readonly uptimeSeconds: number;
  readonly activeSessions: number;
  readonly database: { readonly healthy: boolean; readonly latencyMs: number };
}

/** How a call changes the world; becomes the annotations that clients use to ask for consent. */
type Effect = "read" | "add" | "update";

/** A tool as its domain writes it. */
interface ToolDefinition<I extends z.ZodObject, O extends z.ZodObject> {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly effect: Effect;
  /** Strict: unknown arguments are refused by name. */
  readonly input: I;
  readonly output: O;
  readonly run: (args: z.output<I>, context: ToolContext) => Promise<z.input<O>>;
}

/** A tool as the server uses it: the types of its arguments are checked inside. */
export interface Tool {
  readonly name: string;
  /** The entry of `tools/list`, computed once. */
  readonly listing: ToolListing;
  /** Validates, runs, validates again. @throws ToolError naming every bad argument. */
  readonly call: (args: unknown, context: ToolContext) => Promise<Record<string, unknown>>;
}

type ObjectSchema = { type: "object"; [key: string]: unknown };

interface ToolListing {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly inputSchema: ObjectSchema;
  readonly outputSchema: ObjectSchema;
  readonly annotations: {
    readonly readOnlyHint: boolean;
    readonly destructiveHint: boolean;
    readonly idempotentHint: boolean;
    readonly openWorldHint: false;
  };
}

export function defineTool<I extends z.ZodObject, O extends z.ZodObject>(
  definition: ToolDefinition<I, O>,
): Tool {
  const { name, title, description, effect, input, output, run } = definition;
  return {
    name,
    listing: {
      name,
      title,
      description,
      inputSchema: toObjectSchema(input, "input"),
      outputSchema: toObjectSchema(output, "output"),
      annotations: {
        readOnlyHint: effect === "read",
        destructiveHint: false,
        idempotentHint: effect !== "add",
        openWorldHint: false,
      },
    },
    call: async (args, context) => {
      const parsed = input.safeParse(args ?? {});
      if (!parsed.success) throw new ToolError(describeIssues(name, parsed.error));
      return output.parse(await run(parsed.data, context));
    },
  };
}

function toObjectSchema(schema: z.ZodObject, io: "input" | "output"): ObjectSchema {
  return { ...z.toJSONSchema(schema, { io, target: "draft-2020-12" }), type: "object" };
}

function describeIssues(tool: string, error: z.ZodError): string {
  const lines = error.issues.map(
    (issue) => `  ${issue.path.join(".") || "arguments"}: ${issue.message}`,
  );
  return `${tool} has ${lines.length} bad argument(s):\n${lines.join("\n")}`;
}
