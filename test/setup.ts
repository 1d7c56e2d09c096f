// As the program itself: a stack trace for each promise of the SDK was half of what its tests cost.
import "../toolchain/cheap-stack-traces.cjs";
import fc from "fast-check";

/**
 * Properties see the same cases in each run, so that a change is never refused for what it did not touch. Another seed
 * sees others: `MCP_FLEET_SEED=7 npx vitest run --project unit`; `random` takes a new one each time, and a failure tells it.
 */
const seed = process.env["MCP_FLEET_SEED"] ?? "20261121";
if (seed !== "random") fc.configureGlobal({ seed: Number(seed) });
