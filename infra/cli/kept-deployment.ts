import { execFile } from "node:child_process";
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Deployment, StackExport } from "../release/deployment.ts";
import type { CommandContext } from "./context.ts";
import { openSecrets } from "../release/open-secrets.ts";
import { UserError } from "./exit-codes.ts";

/**
 * A kept deployment with its secrets open. What cannot be opened here the CLI can, but only of a stack's current state:
 * so it becomes the state of a stack in a backend of its own, for a moment.
 */
export async function openKept(
  { rootDir, stack }: Pick<CommandContext, "rootDir" | "stack">,
  kept: StackExport,
): Promise<Deployment> {
  const open = await openSecrets(kept, process.env);
  if (open) return open.deployment ?? {};
  const directory = mkdtempSync(join(tmpdir(), "mcp-fleet-kept-"));
  const run = async (...args: string[]) =>
    promisify(execFile)("pulumi", [...args, "--non-interactive"], {
      cwd: directory,
      env: { ...process.env, PULUMI_BACKEND_URL: `file://${directory}` },
      maxBuffer: 256 * 1024 * 1024,
    });
  try {
    copyFileSync(join(rootDir, "Pulumi.yaml"), join(directory, "Pulumi.yaml"));
    // Still encrypted, as in the history.
    writeFileSync(join(directory, "kept.json"), JSON.stringify(kept), { mode: 0o600 });
    await run("stack", "init", stack, "--no-select");
    await run("stack", "import", "--stack", stack, "--file", "kept.json");
    const { stdout } = await run("stack", "export", "--show-secrets", "--stack", stack);
    return (JSON.parse(stdout) as StackExport).deployment ?? {};
  } catch (error) {
    const { stderr = "" } = error as { stderr?: string };
    throw new UserError(
      `the kept release cannot be read: ${stderr.trim() || (error as Error).message}; is the passphrase that of its time?`,
    );
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
