import fc from "fast-check";
import { expect, it } from "vitest";
import { table } from "../../../infra/cli/table.ts";

it("pads every column but the last", () => {
  expect(
    table([
      ["ok", "postgres", "container running"],
      ["FAIL", "scene", "MCP: 503"],
    ]),
  ).toBe("ok    postgres  container running\nFAIL  scene     MCP: 503");
});

it("takes rows of different lengths", () => {
  expect(table([["a"], ["bbb", "c"], []])).toBe("a\nbbb  c\n");
});

it("is empty without rows", () => {
  expect(table([])).toBe("");
});

it("starts a column at the same place in every row and leaves no white space at the end", () => {
  const word = fc.stringMatching(/^[a-z]{1,12}$/);
  fc.assert(
    fc.property(fc.array(fc.tuple(word, word, word), { minLength: 1 }), (rows) => {
      const lines = table(rows).split("\n");
      expect(lines).toHaveLength(rows.length);
      const width = Math.max(...rows.map(([first]) => first.length)) + 2;
      lines.forEach((line, index) => {
        expect(line).toBe(line.trimEnd());
        expect(line.slice(0, width).trim()).toBe(rows[index]![0]);
        expect(line.slice(width).startsWith(rows[index]![1])).toBe(true);
      });
    }),
  );
});
