import { expect, it } from "vitest";
import { labelNames, labelsFor } from "../../../components/platform/labels.ts";

const identity = {
  stack: "staging",
  release: "r-new",
  transaction: "t-new",
  lineage: "l-own",
  previous: new Map([
    [
      "postgres",
      {
        [labelNames.revision]: "aaa",
        [labelNames.release]: "r-old",
        [labelNames.transaction]: "t-old",
        [labelNames.lineage]: "l-moved",
      },
    ],
    ["half", { [labelNames.revision]: "aaa" }],
  ]),
};

it("gives a new object the release and transaction of this update", () => {
  expect(labelsFor(identity, "scene", "scene", "aaa")).toEqual({
    "mcp-fleet/component": "scene",
    "mcp-fleet/lineage": "l-own",
    "mcp-fleet/release": "r-new",
    "mcp-fleet/revision": "aaa",
    "mcp-fleet/stack": "staging",
    "mcp-fleet/transaction": "t-new",
  });
});

it("keeps those of an unchanged object, so that nothing about it changes", () => {
  expect(labelsFor(identity, "postgres", "postgres", "aaa")).toMatchObject({
    "mcp-fleet/lineage": "l-moved",
    "mcp-fleet/release": "r-old",
    "mcp-fleet/transaction": "t-old",
  });
});

it("does not keep those of another revision", () => {
  expect(labelsFor(identity, "postgres", "postgres", "bbb")).toMatchObject({
    "mcp-fleet/lineage": "l-own",
    "mcp-fleet/release": "r-new",
    "mcp-fleet/revision": "bbb",
    "mcp-fleet/transaction": "t-new",
  });
});

it("fills in what an object lacks", () => {
  expect(labelsFor(identity, "half", "half", "aaa")).toMatchObject({
    "mcp-fleet/release": "r-new",
    "mcp-fleet/transaction": "t-new",
  });
});

it("lists labels in order: another order would be a change", () => {
  const names = Object.keys(labelsFor(identity, "scene", "scene", "aaa"));
  expect(names).toEqual([...names].sort());
});
