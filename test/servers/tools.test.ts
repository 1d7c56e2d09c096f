import { describe, expect, it } from "vitest";
import { toolsOf } from "../../servers/domains/index.ts";
import { DOMAIN_NAMES } from "../../servers/domains/names.ts";
import { countWords } from "../../servers/domains/scene.ts";
import type { ToolContext } from "../../servers/tools.ts";
import { sampleCalls } from "./sample-calls.ts";

const noDatabase: ToolContext = {
  db: { query: () => Promise.reject(new Error("the database must not be asked")) },
  table: (name) => name,
  status: () => {
    throw new Error("the status must not be asked");
  },
};

describe.each(DOMAIN_NAMES)("tools of %s", (domain) => {
  const tools = [...toolsOf(domain).values()];

  it("has between four and seven, server_status first", () => {
    expect(tools.length).toBeGreaterThanOrEqual(4);
    expect(tools.length).toBeLessThanOrEqual(7);
    expect(tools[0]?.name).toBe("server_status");
  });

  it.each(tools.map((tool) => [tool.name, tool] as const))(
    "describes %s to clients",
    (name, { listing }) => {
      expect(name).toMatch(/^[a-z]+(_[a-z]+)+$/);
      expect(listing.description.length).toBeGreaterThan(20);
      for (const schema of [listing.inputSchema, listing.outputSchema])
        expect(schema.type).toBe("object");
      expect(listing.inputSchema["additionalProperties"]).toBe(false);
      const reads =
        /^(list|get|search|check|server|review_summary|word_count|daily|database|table|connection)/.test(
          name,
        );
      expect(listing.annotations).toMatchObject({
        readOnlyHint: reads,
        destructiveHint: false,
        openWorldHint: false,
      });
    },
  );

  it.each(tools.map((tool) => [tool.name, tool] as const))(
    "refuses unknown arguments of %s before it asks the database",
    async (name, tool) => {
      const args = {
        ...sampleCalls("x", 1)[domain].find(([called]) => called === name)?.[1],
        surprise: 1,
      };
      await expect(tool.call(args, noDatabase)).rejects.toThrow(
        `${name} has 1 bad argument(s):\n  arguments: Unrecognized key: "surprise"`,
      );
    },
  );

  it("is called in full by the samples", () => {
    const called = new Set(sampleCalls("x", 1)[domain].map(([tool]) => tool));
    expect([...called].sort()).toEqual(tools.map((tool) => tool.name).sort());
  });
});

describe("limits", () => {
  const books = toolsOf("book-planning");

  it.each([
    ["create_book", { title: "", premise: "p" }, "title"],
    ["create_book", { title: "t".repeat(201), premise: "p" }, "title"],
    ["create_book", { title: "t", premise: "p".repeat(4001) }, "premise"],
    ["list_books", { limit: 101 }, "limit"],
    ["list_books", { status: "lost" }, "status"],
    ["get_book_outline", { bookId: 0 }, "bookId"],
    ["get_book_outline", { bookId: "1; DROP TABLE books" }, "bookId"],
  ])("of %s hold for %j", async (name, args, key) => {
    await expect(books.get(name)?.call(args, noDatabase)).rejects.toThrow(`\n  ${key}: `);
  });
});

describe("countWords", () => {
  it.each([
    ["", 0],
    ["  \n ", 0],
    ["one", 1],
    ["The lamp\n went  out.", 4],
  ])("counts %j as %d", (text, count) => {
    expect(countWords(text)).toBe(count);
  });
});
