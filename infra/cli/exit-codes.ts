/** What a run of `fleet` ended with; CI branches on these. */
export const exitCodes = {
  /** Done; the new release is live. */
  done: 0,
  /** Refused or failed; what is wrong was said. */
  refused: 1,
  /** The command line itself is wrong. */
  usage: 2,
  /** Rolled back: the release before is live, and was proven again. */
  rolledBack: 10,
  /** A first deployment failed; what it made is gone, its volumes are kept. */
  cleanedUp: 11,
  /** A rollback did not succeed; nothing more is done until `fleet recover`. */
  frozen: 12,
  /** Another run holds the stack. */
  locked: 13,
} as const;

/** An error that is the user's to fix: printed without a stack trace. */
export class UserError extends Error {
  readonly exitCode: number;

  constructor(message: string, exitCode: number = exitCodes.refused) {
    super(message);
    this.name = "UserError";
    this.exitCode = exitCode;
  }
}
