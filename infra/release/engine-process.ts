import { execFileSync } from "node:child_process";

/** Process of the engine that runs this program: parent of the language host that started it; undefined if unknown. */
export function enginePid(): number | undefined {
  return parentOf(process.ppid);
}

/**
 * An environment for commands that are not of the engine that runs this program: without its addresses. One that inherits
 * the address of its log receiver (`PULUMI_LOG_OTLP_ENDPOINT`) waits some ten seconds for it once the engine has ended.
 */
export function withoutEngine(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const addresses = /^PULUMI_(NODEJS_|MONITOR|ENGINE|CONFIG$|CONFIG_SECRET_KEYS|\w*OTLP)/;
  return Object.fromEntries(Object.entries(env).filter(([key]) => !addresses.test(key)));
}

/** Resolves when the process has ended. */
export async function untilEnded(pid: number): Promise<void> {
  while (isRunning(pid)) await new Promise((resolve) => setTimeout(resolve, 200));
}

function parentOf(pid: number): number | undefined {
  try {
    const parent = Number(
      execFileSync("ps", ["-o", "ppid=", "-p", String(pid)], { encoding: "utf8" }).trim(),
    );
    return parent > 1 ? parent : undefined;
  } catch {
    return undefined;
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
  try {
    const state = execFileSync("ps", ["-o", "state=", "-p", String(pid)], { encoding: "utf8" });
    // Ended, and not yet collected by its parent.
    return !/^[ZX]/.test(state.trim());
  } catch {
    return false;
  }
}
