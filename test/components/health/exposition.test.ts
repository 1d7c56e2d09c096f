import fc from "fast-check";
import { Counter, Histogram, Registry } from "prom-client";
import { describe, expect, it } from "vitest";
import { bucketQuantile, parseExposition } from "../../../components/health/exposition.ts";
import { anyText } from "../../any-text.ts";

describe("a text exposition", () => {
  it("is read as it was written", async () => {
    const registry = new Registry();
    const counter = new Counter({
      name: "c",
      help: "h",
      labelNames: ["l", "m"],
      registers: [registry],
    });
    const awkward = 'a"b\\c\nd},{= e';
    counter.inc({ l: awkward, m: "" }, 7);
    const found = parseExposition(await registry.metrics());
    expect(found).toEqual([{ name: "c", labels: { l: awkward, m: "" }, value: 7 }]);
  });

  it("has infinities, times and no nonsense", () => {
    const text =
      '# HELP a b\na 1\nb{le="+Inf"} +Inf 1700000000000\nc NaN\nd -1e-3\n{} 5\nnot a line\n';
    expect(parseExposition(text)).toEqual([
      { name: "a", labels: {}, value: 1 },
      { name: "b", labels: { le: "+Inf" }, value: Infinity },
      { name: "c", labels: {}, value: NaN },
      { name: "d", labels: {}, value: -0.001 },
    ]);
  });

  it("survives any text", () => {
    fc.assert(
      fc.property(anyText, (text) => {
        expect(Array.isArray(parseExposition(text))).toBe(true);
      }),
    );
  });
});

describe("a quantile of buckets", () => {
  it.each([
    [
      "half way into the only bucket",
      0.5,
      [
        [10, 4],
        [Infinity, 4],
      ],
      5,
    ],
    [
      "within the second bucket",
      0.95,
      [
        [10, 50],
        [50, 100],
        [Infinity, 100],
      ],
      46,
    ],
    [
      "beyond the last bound",
      0.99,
      [
        [10, 50],
        [50, 60],
        [Infinity, 100],
      ],
      50,
    ],
    [
      "nothing counted",
      0.5,
      [
        [10, 0],
        [Infinity, 0],
      ],
      undefined,
    ],
    ["no buckets", 0.5, [], undefined],
  ] as const)("%s", (_, quantile, buckets, expected) => {
    expect(bucketQuantile(quantile, new Map(buckets as never))).toBe(expected);
  });

  it("is within the bucket that holds the true quantile", async () => {
    const bounds = [0.01, 0.05, 0.1, 0.5, 1, 5];
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.double({ min: 0.0001, max: 4.9, noNaN: true }), {
          minLength: 1,
          maxLength: 60,
        }),
        fc.constantFrom(0.5, 0.9, 0.95, 0.99),
        async (values, quantile) => {
          const registry = new Registry();
          const histogram = new Histogram({
            name: "h",
            help: "h",
            buckets: bounds,
            registers: [registry],
          });
          values.forEach((value) => histogram.observe(value));
          const buckets = new Map(
            parseExposition(await registry.metrics())
              .filter(({ name }) => name === "h_bucket")
              .map(({ labels, value }) => [
                labels["le"] === "+Inf" ? Infinity : Number(labels["le"]),
                value,
              ]),
          );
          const exact = [...values].sort((a, b) => a - b)[Math.ceil(quantile * values.length) - 1]!;
          const upper = bounds.find((bound) => exact <= bound)!;
          const lower = Math.max(0, ...bounds.filter((bound) => bound < exact));
          const estimate = bucketQuantile(quantile, buckets)!;
          // What interpolation rounds in the last digit, Prometheus rounds too.
          expect(estimate).toBeGreaterThanOrEqual(lower * (1 - 1e-12));
          expect(estimate).toBeLessThanOrEqual(upper * (1 + 1e-12));
        },
      ),
    );
  });
});
