import { pass, type Finding } from "../answer.ts";
import { askedOf, type ProbeContext } from "../context.ts";
import { describeProbe } from "../describe.ts";
import type { ProbeOf } from "../probe.schema.ts";

/** Opens a connection and closes it again. */
export async function askTcp(probe: ProbeOf<"tcp">, context: ProbeContext): Promise<Finding> {
  const { signal } = context;
  const stream = await context.transport.dial(askedOf(probe, context), probe.port, {
    ...{ signal, sure: true },
  });
  stream.on("error", () => undefined);
  stream.destroy();
  return pass(`${describeProbe(probe)} was accepted`);
}
