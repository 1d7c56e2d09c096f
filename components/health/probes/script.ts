import { execFile } from "node:child_process";
import { excerpt, fail, inconclusive, pass, unaskable, type Finding } from "../answer.ts";
import type { ProbeContext } from "../context.ts";
import { describeProbe } from "../describe.ts";
import type { ProbeOf } from "../probe.schema.ts";

/** Runs a program on this machine. It learns whom it judges from its environment and gets nothing else. */
export async function askScript(probe: ProbeOf<"script">, context: ProbeContext): Promise<Finding> {
  const [program = "", ...args] = probe.command;
  const target = context.targets[probe.subject];
  const { PATH, HOME, LANG } = process.env;
  const { code, output } = await new Promise<{ code: number | string; output: string }>(
    (resolve) => {
      execFile(
        program,
        args,
        {
          signal: context.signal,
          killSignal: "SIGKILL",
          env: {
            PATH,
            HOME,
            LANG,
            MCP_FLEET_SUBJECT: probe.subject,
            ...(target && {
              MCP_FLEET_WORKLOAD: target.workload,
              MCP_FLEET_ADDRESS: target.address ?? target.workload,
              MCP_FLEET_RELEASE: target.release ?? "",
            }),
          },
        },
        (error, stdout, stderr) =>
          resolve({
            code: error ? (error.code ?? error.signal ?? "unknown") : 0,
            output: stdout + stderr,
          }),
      );
    },
  );
  const last = excerpt(output.trim().split("\n").slice(-2).join(" "));
  const said = `${describeProbe(probe)} exited with ${code}${last && `: ${last}`}`;
  switch (code) {
    case 0:
      return pass(said);
    case 1:
      return fail(said);
    case 2:
      return inconclusive(said);
    case "ENOENT":
    case "EACCES":
      return unaskable(`${describeProbe(probe)} cannot be run on this machine (${code})`);
    default:
      return unaskable(said);
  }
}
