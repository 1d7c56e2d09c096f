import { exitCodes, UserError } from "./exit-codes.ts";

/** Names that Pulumi allows for a stack, and that fit into names of containers. */
const allowed = /^[a-z0-9][a-z0-9-]{0,30}$/;

/** @throws UserError (usage) for a name that no stack of this project can have. */
export function requireStackName(name: string): void {
  if (allowed.test(name)) return;
  throw new UserError(
    `--stack: got ${JSON.stringify(name)}; allowed are lower-case letters, digits and dashes, at most 31 characters; choose a name like staging`,
    exitCodes.usage,
  );
}
