import { createHash } from "node:crypto";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { homedir, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { parse, stringify } from "yaml";
import { directoryOfBackend, withoutLogin } from "../release/state-backend.ts";
import { stateBackendUrl } from "../../toolchain/index.ts";
import type { CommandContext } from "./context.ts";
import { pulumi, PulumiError } from "./pulumi-cli.ts";

type Place = Pick<CommandContext, "rootDir" | "stack" | "env">;

/** A `Pulumi.<stack>.yaml` that the CLI is given. */
export interface ConfigFile {
  readonly path: string;
  /** Made for this machine; else the user's own. */
  readonly private: boolean;
}

/**
 * Configuration file of the stack. Where the committed one carries a salt, the team shares a passphrase and it is used
 * as it is. Else the salt belongs to this machine's passphrase, and a private copy keeps the work tree clean.
 */
export function configFileOf(context: Place): ConfigFile {
  const { committed, copy } = configPaths(context);
  const settings = readSettings(committed);
  if ("encryptionsalt" in settings || "secretsprovider" in settings)
    return { path: committed, private: false };
  const { encryptionsalt } = readSettings(copy);
  mkdirSync(dirname(copy), { recursive: true, mode: 0o700 });
  writeFileSync(copy, stringify({ ...settings, ...(encryptionsalt && { encryptionsalt }) }), {
    mode: 0o600,
  });
  return { path: copy, private: true };
}

/** Salt of the key that a passphrase gives; undefined before the first update and with another provider. */
export function saltOf(context: Place): string | undefined {
  const { committed, copy } = configPaths(context);
  return readSettings(committed).encryptionsalt ?? readSettings(copy).encryptionsalt;
}

function configPaths({ rootDir, stack, env }: Place): {
  readonly committed: string;
  readonly copy: string;
} {
  const base = env["XDG_CONFIG_HOME"] || join(homedir(), ".config");
  // Two backends may have a stack of one name, each with a passphrase of its own.
  const backend = shortHash(stateBackendUrl() ?? "");
  return {
    committed: join(rootDir, `Pulumi.${stack}.yaml`),
    copy: join(base, "mcp-fleet", "stacks", `Pulumi.${stack}.${backend}.yaml`),
  };
}

/** Of the place that an address means, however it is written. */
function shortHash(backend: string): string {
  const place = directoryOfBackend(backend) ?? withoutLogin(backend);
  return createHash("sha256").update(place).digest("hex").slice(0, 10);
}

/** What concerns the stack's key in its `Pulumi.<stack>.yaml`. */
interface KeySettings {
  readonly encryptionsalt?: string;
  readonly secretsprovider?: string;
}

/** Empty if there is no such file. */
function readSettings(path: string): KeySettings {
  if (!existsSync(path)) return {};
  return (parse(readFileSync(path, "utf8")) as KeySettings | null) ?? {};
}

/**
 * Makes the stack where there is none. `pulumi stack init` writes what it needs to find the key again beside
 * `Pulumi.yaml`: what a key service says is the team's and belongs there, to be committed; the salt of a passphrase is kept
 * out of the work tree by a copy of that file.
 */
export async function initStack(context: CommandContext): Promise<void> {
  const { rootDir, stack } = context;
  const { committed, copy } = configPaths(context);
  const { secretsprovider } = readSettings(committed);
  // Without this option `pulumi` asks for a passphrase, whatever the file says.
  if (secretsprovider !== undefined) {
    await stackInit(stack, rootDir, ["--secrets-provider", secretsprovider]);
    return;
  }
  const directory = mkdtempSync(join(tmpdir(), "mcp-fleet-init-"));
  try {
    copyFileSync(join(rootDir, "Pulumi.yaml"), join(directory, "Pulumi.yaml"));
    const made = await stackInit(stack, directory);
    // Left of a stack of that name that is gone, its salt may be that of another passphrase.
    if (made) rmSync(copy, { force: true });
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Whether it was made here; false if another run was faster. */
async function stackInit(
  stack: string,
  cwd: string,
  options: readonly string[] = [],
): Promise<boolean> {
  try {
    await pulumi(["stack", "init", stack, "--no-select", ...options], { cwd });
    return true;
  } catch (error) {
    if (error instanceof PulumiError && /stack.*already exists/.test(error.stderr)) return false;
    throw error;
  }
}
