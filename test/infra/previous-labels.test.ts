import { expect, it } from "vitest";
import { labelsOf } from "../../infra/previous-labels.ts";

const urn = (name: string, type = "docker:index/container:Container") =>
  `urn:pulumi:staging::mcp-fleet::mcpfleet:index:Fleet$${type}::${name}`;

it("reads labels in each of their shapes, by logical name", () => {
  const labels = labelsOf([
    {
      urn: urn("postgres"),
      inputs: {
        labels: [
          { label: "mcp-fleet/revision", value: "aaa" },
          { label: "mcp-fleet/release", value: "r-1" },
        ],
      },
    },
    {
      urn: urn("migrations", "pulumi-nodejs:mcpfleet:Job"),
      inputs: { labels: { "mcp-fleet/revision": "bbb", "mcp-fleet/release": "r-2" } },
    },
    {
      urn: urn("gateway", "kubernetes:apps/v1:Deployment"),
      inputs: { metadata: { labels: { "mcp-fleet/revision": "ccc" } } },
    },
  ]);
  expect(Object.fromEntries(labels)).toEqual({
    postgres: { "mcp-fleet/revision": "aaa", "mcp-fleet/release": "r-1" },
    migrations: { "mcp-fleet/revision": "bbb", "mcp-fleet/release": "r-2" },
    gateway: { "mcp-fleet/revision": "ccc" },
  });
});

it("leaves out what is to be deleted, or carries no revision", () => {
  const labels = [{ label: "mcp-fleet/revision", value: "aaa" }];
  const found = labelsOf([
    { urn: urn("old"), delete: true, inputs: { labels } },
    { urn: urn("foreign"), inputs: { labels: [{ label: "other", value: "x" }] } },
    { urn: urn("bare") },
    { urn: urn("group"), inputs: {} },
  ]);
  expect(found.size).toBe(0);
});

it("keeps the live one of two objects of the same name", () => {
  const labels = (value: string) => [{ label: "mcp-fleet/revision", value }];
  const found = labelsOf([
    { urn: urn("scene"), inputs: { labels: labels("new") } },
    { urn: urn("scene"), delete: true, inputs: { labels: labels("old") } },
  ]);
  expect(found.get("scene")).toEqual({ "mcp-fleet/revision": "new" });
});
