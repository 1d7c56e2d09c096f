import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { postgresSchema } from "../../../components/database/postgres.schema.ts";
import { connectionLimit, renderRoles } from "../../../components/database/roles.render.ts";

const pooler = { defaultPoolSize: 50, reservePoolSize: 20, maxDbConnections: 150 };
const own = { directConnections: 20 };
const server = (name: string) => ({
  name,
  domain: name,
  schema: name.replaceAll("-", "_"),
  activeLogin: "a" as const,
});

describe("roles.json", () => {
  it("names every server with its schema, login and limit, and the two service roles", () => {
    expect(JSON.parse(renderRoles([server("book-planning")], pooler, own))).toEqual({
      servers: [
        {
          name: "book-planning",
          schema: "book_planning",
          domain: "book-planning",
          activeLogin: "a",
          connectionLimit: 75,
        },
      ],
      exporterRole: "postgres_exporter",
      lookupRole: "pgbouncer_auth",
    });
  });

  it("has an external server prepared, with room for all connections", () => {
    const { external } = postgresSchema.parse({ external: { host: "db.example.com" } });
    const text = renderRoles([server("scene")], pooler, { ...own, external });
    expect(JSON.parse(text)).toMatchObject({ prepare: { connections: 170 } });
  });

  it("does not depend on the order of the servers", () => {
    const servers = ["scene", "book-planning", "plot", "review"].map(server);
    fc.assert(
      fc.property(fc.shuffledSubarray(servers, { minLength: servers.length }), (shuffled) => {
        expect(renderRoles(shuffled, pooler, own)).toBe(renderRoles(servers, pooler, own));
      }),
    );
  });
});

describe("connectionLimit", () => {
  it.each([
    [{ defaultPoolSize: 1, reservePoolSize: 0 }, 6],
    [{ defaultPoolSize: 50, reservePoolSize: 20 }, 75],
    [{ defaultPoolSize: 5000, reservePoolSize: 20 }, 1000],
  ])("of %j is %d", (pools, limit) => {
    expect(connectionLimit(pools)).toBe(limit);
  });
});
