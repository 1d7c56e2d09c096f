import * as pulumi from "@pulumi/pulumi";

/**
 * An error of the user's to fix: the engine prints its message, no stack trace, and nothing is touched.
 *
 * Its stack is cut: the SDK formats the whole of it several times over before it ends the program, which took 20 s on
 * a busy machine.
 */
export function refusal(message: string): Error {
  const error = new pulumi.RunError(message);
  error.stack = message;
  return error;
}
