import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseAssertion, violation } from "../../../components/health/assertion.ts";

const health = {
  status: "healthy",
  database: { healthy: true, latency: "5ms", activeConnections: 3 },
  tools: [{ name: "a" }, { name: "b" }],
  note: null,
};

describe("an assertion about JSON", () => {
  it.each([
    "database.healthy == true",
    "database.healthy != false",
    'status == "healthy"',
    "status == healthy",
    "database.activeConnections >= 3",
    "database.activeConnections < 3.5",
    "tools[1].name == b",
    "tools[0].name exists",
    "note == null",
    "  status   ==   healthy  ",
  ])("holds: %s", (text) => {
    expect(violation(parseAssertion(text)!, health)).toBeUndefined();
  });

  it.each([
    ["database.healthy == false", "database.healthy is true, not false"],
    ["status == degraded", 'status is "healthy", not "degraded"'],
    ["database.activeConnections > 3", "database.activeConnections is 3, not > 3"],
    // A missing field is a failure, whatever it was to be compared with.
    ["database.healty != false", "no database.healty"],
    ["tools[2] exists", "no tools.2"],
    ["status.text exists", "no status.text"],
    // Another type is never "less".
    ["database.latency < 10", 'database.latency is "5ms", not < 10'],
    ["toString exists", "no toString"],
  ])("is violated: %s", (text, problem) => {
    expect(violation(parseAssertion(text)!, health)).toBe(problem);
  });

  it.each([
    "",
    "status",
    "status = healthy",
    "a == {}",
    "a == [1]",
    "a < text",
    "a ==",
    "[0] == 1",
  ])("cannot be read: %s", (text) => {
    expect(parseAssertion(text)).toBeUndefined();
  });

  it("compares any scalar with itself", () => {
    const scalar = fc.oneof(
      fc.string(),
      fc.double({ noNaN: true }),
      fc.boolean(),
      fc.constant(null),
    );
    fc.assert(
      fc.property(scalar, (value) => {
        const assertion = parseAssertion(`a.b == ${JSON.stringify(value)}`);
        // Infinity and -0 are no JSON.
        const document = JSON.parse(JSON.stringify({ a: { b: value } })) as unknown;
        expect(violation(assertion!, document)).toBeUndefined();
      }),
    );
  });
});
