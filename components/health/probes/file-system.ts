import { excerpt, fail, pass, type Finding } from "../answer.ts";
import { askedOf, type ProbeContext } from "../context.ts";
import type { ProbeOf } from "../probe.schema.ts";

/** Whether a path exists inside the workload, and how much space is left there. Needs `test` and `df` in its image. */
export async function askFileSystem(
  probe: ProbeOf<"file_system">,
  context: ProbeContext,
): Promise<Finding> {
  const target = askedOf(probe, context);
  const { signal, transport } = context;
  const where = `${probe.path} in ${target.component}`;
  const exists = await transport.exec(target, ["test", "-e", probe.path], { signal });
  if (exists.code === 1) return fail(`${where} does not exist`);
  if (exists.code !== 0) return fail(`${where}: ${excerpt(exists.output) || "test failed"}`);
  if (probe.minFreeMb === undefined) return pass(`${where} exists`);
  const space = await transport.exec(target, ["df", "-Pk", probe.path], { signal });
  const free = freeMb(space.output);
  if (space.code !== 0 || free === undefined) {
    return fail(`${where}: free space is unknown: ${excerpt(space.output)}`);
  }
  const text = `${where} has ${free} MiB free`;
  return free >= probe.minFreeMb ? pass(text) : fail(`${text}, less than ${probe.minFreeMb}`);
}

/** Available space in POSIX `df -Pk` output, whole MiB. */
export function freeMb(output: string): number | undefined {
  const kilobytes = output.trim().split("\n").at(-1)?.trim().split(/\s+/).at(-3);
  return kilobytes !== undefined && /^\d+$/.test(kilobytes)
    ? Math.floor(Number(kilobytes) / 1024)
    : undefined;
}
