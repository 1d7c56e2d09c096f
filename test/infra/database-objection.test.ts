import { expect, it } from "vitest";
import { postgresSchema } from "../../components/database/postgres.schema.ts";
import { databaseObjection } from "../../infra/database-objection.ts";

const external = postgresSchema.parse({ external: { host: "db.example.com" } });
const own = postgresSchema.parse({});

it.each(["mcp-fleet-staging-postgres-17", "mcp-fleet-staging/postgres-17"])(
  "refuses to leave the data in %s behind, and says how to take it along",
  (volume) => {
    const said = databaseObjection(external, ["x-prometheus", volume], "staging");
    expect(said).toContain(
      `got db.example.com, but this stack has a database of its own, in volume ${volume}`,
    );
    expect(said).toContain("dump mcp_series");
  },
);

it("has nothing to say of a stack without data of its own, or without an external database", () => {
  expect(databaseObjection(external, ["x-prometheus"], "staging")).toBeUndefined();
  expect(databaseObjection(own, ["mcp-fleet-staging-postgres-17"], "staging")).toBeUndefined();
});
