import { afterAll, beforeAll } from "vitest";
import { configurationClaims } from "./database/claims-configuration.ts";
import { containerClaims } from "./database/claims-containers.ts";
import { poolerClaims } from "./database/claims-pooler.ts";
import { postgresClaims } from "./database/claims-postgres.ts";
import { DataTier } from "./database/data-tier.ts";

// One data tier, from its first start on; each claim starts from what the one before it left.
const tier = new DataTier();

// Five images from nothing, on a machine that has more to do.
beforeAll(() => tier.open(), 900_000);
afterAll(() => tier.close());

postgresClaims(tier);
configurationClaims(tier);
poolerClaims(tier);
containerClaims(tier);
