import { createInterface } from "node:readline";
import { Lease, LeaseHeldError } from "../../../infra/release/lease.ts";

/**
 * A process that wants leases. Says `ready`; then tries for each file that a line on standard input names, and says
 * `won` or `held`. Ends when standard input does, without giving any back.
 */
process.stdout.write("ready\n");
createInterface({ input: process.stdin })
  .on("line", (file) => {
    try {
      Lease.acquire(file, "update");
      process.stdout.write("won\n");
    } catch (error) {
      process.stdout.write(error instanceof LeaseHeldError ? "held\n" : `${String(error)}\n`);
    }
  })
  .on("close", () => process.exit(0));
