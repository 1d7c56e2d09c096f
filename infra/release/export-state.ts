import type { StackExport } from "./deployment.ts";
import { openSecrets } from "./open-secrets.ts";

/**
 * The state of a stack with its secrets open.
 *
 * @param run runs the CLI with `env` and these arguments behind the command. @returns its standard output
 */
export async function exportOpen(
  run: (command: readonly ["stack", "export", ...string[]]) => Promise<string>,
  env: NodeJS.ProcessEnv,
): Promise<StackExport> {
  const state = JSON.parse(await run(["stack", "export"])) as StackExport;
  return (
    (await openSecrets(state, env)) ??
    (JSON.parse(await run(["stack", "export", "--show-secrets"])) as StackExport)
  );
}
