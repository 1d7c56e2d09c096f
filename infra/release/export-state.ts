import type { StackExport } from "./deployment.ts";
import { openSecrets } from "./open-secrets.ts";

/** Runs the CLI with these arguments, and those that name the stack. @returns its standard output */
type Run = (command: readonly ["stack", "export", ...string[]]) => Promise<string>;

/** The state of a stack as the backend keeps it, its secrets encrypted. */
export async function exportClosed(run: Run): Promise<StackExport> {
  return JSON.parse(await run(["stack", "export"])) as StackExport;
}

/**
 * The state of a stack with its secrets open.
 *
 * @param env of the CLI: has the passphrase.
 */
export async function exportOpen(run: Run, env: NodeJS.ProcessEnv): Promise<StackExport> {
  return (
    (await openSecrets(await exportClosed(run), env)) ??
    (JSON.parse(await run(["stack", "export", "--show-secrets"])) as StackExport)
  );
}
