import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv } from "ajv";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { fleetJsonSchema } from "../../../infra/config/index.ts";
import { fleet, projectRoot, server } from "./fixture.ts";

const schema = JSON.parse(fleetJsonSchema()) as Record<string, unknown>;
// What an address is, the pattern beside the format says.
const validate = new Ajv({ allErrors: true, strict: false, formats: { email: true } }).compile(
  schema,
);

interface Node {
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Node>>;
  readonly items?: Node;
}

describe("fleet.schema.json", () => {
  it("is the generated one; after a change of a schema: ./fleet config schema > fleets/fleet.schema.json", () => {
    const committed = readFileSync(join(projectRoot, "fleets", "fleet.schema.json"), "utf8");
    expect(committed).toBe(fleetJsonSchema());
  });

  it("explains every setting", () => {
    const silent: string[] = [];
    const visit = (node: Node, path: string): void => {
      for (const [key, child] of Object.entries(node.properties ?? {})) {
        if (child.description === undefined) {
          silent.push(`${path}${key}`);
        }
        visit(child, `${path}${key}.`);
      }
      if (node.items !== undefined) {
        visit(node.items, path);
      }
    };
    visit(schema, "");
    expect(silent).toEqual([]);
  });

  it("accepts the writing fleet, and a server of one more entry", () => {
    const text = readFileSync(join(projectRoot, "fleets", "writing.yaml"), "utf8");
    expect(validate(parse(text)), JSON.stringify(validate.errors)).toBe(true);
    expect(validate(parse(server("name: scene", "port: 3001")))).toBe(true);
  });

  it.each([
    ["an unknown key", fleet("gatway: {}")],
    ["an unknown key of a server", server("name: scene", "port: 3001", "prot: 1")],
    ["a privileged port", server("name: scene", "port: 80")],
    ["a port as text", server("name: scene", 'port: "3001"')],
    ["no port", server("name: scene")],
    ["a bad name", server("name: Scene", "port: 3001")],
    ["no servers", "name: test\nservers: []\n"],
    ["fsync off", fleet("postgres: {fsync: off}")],
    ["a bad image", server("name: scene", "port: 3001", "image: 'a b'")],
    ["a bad size", fleet("postgres: {sharedBuffers: 256M}")],
    ["a bad level", fleet("logging: {level: loud}")],
    ["session pooling", fleet("pgbouncer: {poolMode: session}")],
    ["a number in env", server("name: scene", "port: 3001", "env: {A: 5}")],
  ])("refuses %s", (_, text) => {
    expect(validate(parse(text))).toBe(false);
  });
});
