import type { CommandContext } from "./context.ts";
import { UserError } from "./exit-codes.ts";
import type { Interrupt } from "./interrupt.ts";
import type { Progress } from "./progress.ts";
import { withRemedy } from "./remedies.ts";

/** Runs an operation of the engine; its failure becomes what the engine and the program said, without their noise. */
export async function reported<Result>(
  what: string,
  progress: Progress,
  operation: () => Promise<Result>,
  interrupt?: Interrupt,
): Promise<Result> {
  try {
    return await operation();
  } catch (error) {
    if (interrupt?.interrupted()) {
      throw new UserError(
        `${what} interrupted; what was done is recorded, the next ./fleet up goes on`,
      );
    }
    const problems = [...new Set(progress.problems)];
    // Without problems of its own the run did not begin: what the command said is the message.
    if (error instanceof UserError || problems.length === 0) throw error;
    throw new UserError(`${what} failed:\n${problems.map(withRemedy).join("\n")}`);
  } finally {
    interrupt?.dispose();
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
