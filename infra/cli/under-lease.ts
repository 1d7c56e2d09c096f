import { join } from "node:path";
import { Lease, LeaseHeldError } from "../release/lease.ts";
import type { CommandContext } from "./context.ts";
import { exitCodes, UserError } from "./exit-codes.ts";
import { historyOf } from "./release-host.ts";

/** File by which one run at a time changes a stack. */
export function leaseFile(stack: string): string {
  return join(historyOf(stack), "lease.json");
}

/**
 * Runs `work` while nobody else changes the stack: one winner across update, gates and rollback.
 *
 * @param force takes the lease from a holder on another machine.
 * @throws UserError with exit code 13 if somebody else has it.
 */
export async function underLease<Result>(
  context: Pick<CommandContext, "stack">,
  what: string,
  work: () => Promise<Result>,
  { force = false }: { readonly force?: boolean } = {},
): Promise<Result> {
  const lease = acquire(context.stack, what, force);
  try {
    return await work();
  } finally {
    lease.release();
  }
}

function acquire(stack: string, what: string, force: boolean): Lease {
  try {
    return Lease.acquire(leaseFile(stack), what, { force });
  } catch (error) {
    if (!(error instanceof LeaseHeldError)) throw error;
    throw new UserError(
      `stack ${stack} is ${error.message}; wait for it: ./fleet status --stack ${stack} --wait`,
      exitCodes.locked,
    );
  }
}
