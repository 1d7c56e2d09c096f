import { excerpt, fail, pass, type Finding } from "../answer.ts";
import { askedOf, type ProbeContext } from "../context.ts";
import { describeProbe } from "../describe.ts";
import type { ProbeOf } from "../probe.schema.ts";

/** Runs a command inside the workload. */
export async function askCommand(
  probe: ProbeOf<"command">,
  context: ProbeContext,
): Promise<Finding> {
  const { signal } = context;
  const { code, output } = await context.transport.exec(askedOf(probe, context), probe.command, {
    signal,
  });
  const said = `${describeProbe(probe)} exited with ${code}`;
  const last = excerpt(output.trim().split("\n").slice(-3).join(" "));
  if (!probe.expectExit.includes(code)) {
    return fail(`${said}, not ${probe.expectExit.join(" or ")}${last && `: ${last}`}`);
  }
  if (probe.expectOutput !== undefined && !output.includes(probe.expectOutput)) {
    return fail(`${said} without ${JSON.stringify(probe.expectOutput)}${last && `: ${last}`}`);
  }
  return pass(said);
}
