import { expect, it } from "vitest";
import { releaseName } from "../../infra/release-name.ts";

const open = { spec: { name: "writing", servers: ["scene"] }, images: ["a:1"] };
const secret = { databasePassword: "hunter2", tokens: undefined };
const name = releaseName({ open, secret }, "production");

it("is the same for the same parts, whatever their order", () => {
  const { spec, images } = open;
  expect(releaseName({ open: { images, spec }, secret }, "production")).toBe(name);
  expect(name).toMatch(/^r-[0-9a-f]{10}$/);
});

it.each([
  ["what may be read", { open: { ...open, images: ["a:2"] }, secret }, "production"],
  ["a secret", { open, secret: { ...secret, databasePassword: "hunter3" } }, "production"],
  ["a secret that comes", { open, secret: { ...secret, tokens: {} } }, "production"],
  ["a secret that goes", { open, secret: {} }, "production"],
  ["a stack", { open, secret }, "staging"],
])("is another one with %s", (_what, parts, salt) => {
  expect(releaseName(parts, salt)).not.toBe(name);
});
