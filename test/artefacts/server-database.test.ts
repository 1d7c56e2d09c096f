import { afterAll, afterEach, beforeAll, describe } from "vitest";
import { migrationClaims } from "./server-database/claims-migration.ts";
import { processClaims } from "./server-database/claims-process.ts";
import { servingClaims } from "./server-database/claims-serving.ts";
import { ServerLab } from "./server-database/server-lab.ts";

// One database for all: servers work with the tables that the migration job made.
const lab = new ServerLab();

beforeAll(() => lab.open());
afterEach(() => lab.endServers());
afterAll(() => lab.close());

describe("migration job", () => migrationClaims(lab));

describe("servers", () => {
  servingClaims(lab);
  processClaims(lab);
});
