import type { CommandContext } from "./context.ts";
import { UserError } from "./exit-codes.ts";
import type { Progress } from "./progress.ts";

/** Runs an operation of the engine; its failure becomes what the engine and the program said, without their noise. */
export async function reported<Result>(
  what: string,
  progress: Progress,
  operation: () => Promise<Result>,
): Promise<Result> {
  try {
    return await operation();
  } catch (error) {
    if (error instanceof UserError) throw error;
    const problems = [...new Set(progress.problems)];
    throw new UserError(
      problems.length > 0
        ? `${what} failed:\n${problems.join("\n")}`
        : `${what} failed: ${(error as Error).message}`,
    );
  }
}

/** Polls until `done` or the time is over; the last value either way. */
export async function until<Value>(
  seconds: number,
  probe: () => Promise<Value>,
  done: (value: Value) => boolean,
  context: Pick<CommandContext, "note"> & { readonly waitingFor: (value: Value) => string },
): Promise<Value> {
  const deadline = Date.now() + seconds * 1000;
  let said = "";
  for (;;) {
    const value = await probe();
    if (done(value) || Date.now() > deadline) return value;
    const message = context.waitingFor(value);
    if (message !== said) context.note(message);
    said = message;
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
}
