import { describe, expect, it } from "vitest";
import { failingCalls, parseFault } from "../../servers/faults.ts";

describe("parseFault", () => {
  it.each([
    ["", { kind: "none" }],
    ["exit", { kind: "exit" }],
    ["unready", { kind: "unready" }],
    ["no-mcp", { kind: "no-mcp" }],
    ["slow:0", { kind: "slow", delayMs: 0 }],
    ["slow:600000", { kind: "slow", delayMs: 600_000 }],
    ["fail:0", { kind: "fail", ratio: 0 }],
    ["fail:.5", { kind: "fail", ratio: 0.5 }],
    ["fail:0.25", { kind: "fail", ratio: 0.25 }],
    ["fail:1", { kind: "fail", ratio: 1 }],
    ["fail:1.0", { kind: "fail", ratio: 1 }],
  ])("understands %j", (text, fault) => {
    expect(parseFault(text)).toEqual(fault);
  });

  it.each([
    "EXIT",
    "exit ",
    "slow",
    "slow:",
    "slow:-1",
    "slow:1.5",
    "slow:600001",
    "slow:1e3",
    "fail:",
    "fail:2",
    "fail:1.1",
    "fail:-0.1",
    "fail:NaN",
    "unready,exit",
  ])("refuses %j", (text) => {
    expect(parseFault(text)).toBeUndefined();
  });
});

describe("failingCalls", () => {
  it.each([
    [0, "...................."],
    [0.05, "...................x"],
    [0.2, "....x....x....x....x"],
    [0.3, "...x..x..x...x..x..x"],
    [0.9, ".xxxxxxxxx.xxxxxxxxx"],
    [1, "xxxxxxxxxxxxxxxxxxxx"],
  ])("spreads a ratio of %d evenly", (ratio, expected) => {
    const fails = failingCalls(ratio);
    const seen = Array.from({ length: 20 }, () => (fails() ? "x" : "."));
    expect(seen.join("")).toBe(expected);
  });
});
