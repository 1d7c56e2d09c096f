import { pass, type Finding } from "../answer.ts";
import { askedOf, type ProbeContext } from "../context.ts";
import { describeProbe } from "../describe.ts";
import type { ProbeOf } from "../probe.schema.ts";

/**
 * How long an accepted connection has to stay open: through a tunnel a refused one is first accepted, then ended.
 * Milliseconds.
 */
const settleMs = 150;

/** Opens a connection and closes it again. */
export async function askTcp(probe: ProbeOf<"tcp">, context: ProbeContext): Promise<Finding> {
  const { signal } = context;
  const stream = await context.transport.dial(askedOf(probe, context), probe.port, { signal });
  try {
    await new Promise<void>((resolve, reject) => {
      stream.once("error", reject);
      stream.once("end", () => reject(new Error("connection was closed at once")));
      stream.resume();
      setTimeout(resolve, settleMs);
    });
    return pass(`${describeProbe(probe)} was accepted`);
  } finally {
    stream.on("error", () => undefined);
    stream.destroy();
  }
}
