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
import { join } from "node:path";
import {
  LocalWorkspace,
  Stack,
  StackAlreadyExistsError,
  type EngineEvent,
  type OutputMap,
  type PreviewResult,
  type UpResult,
} from "@pulumi/pulumi/automation/index.js";
import { parse, stringify } from "yaml";
import type { CommandContext } from "./context.ts";
import { exitCodes, UserError } from "./exit-codes.ts";
import { removeTornMetadata } from "./torn-metadata.ts";
import type { Interrupt } from "./interrupt.ts";
import { describeLocks, isLocked, isStale, parseLocks } from "./stack-lock.ts";

/** One Pulumi stack of this project, driven by the same CLI that a user would type. */
export class FleetStack {
  readonly #stack: Stack;
  readonly #configFile: ConfigFile;
  readonly #note: (text: string) => void;

  private constructor(stack: Stack, configFile: ConfigFile, note: (text: string) => void) {
    this.#stack = stack;
    this.#configFile = configFile;
    this.#note = note;
  }

  /** Opens the stack; creates it if asked, else an unknown stack is an error. The tools must be ready. */
  static async open(
    context: CommandContext,
    options: { readonly create: boolean },
  ): Promise<FleetStack> {
    Object.assign(process.env, {
      MCP_FLEET_SET: JSON.stringify(context.sets),
      PULUMI_SKIP_UPDATE_CHECK: "true",
      PULUMI_SKIP_CONFIRMATIONS: "true",
    });
    const torn = removeTornMetadata(process.env["PULUMI_BACKEND_URL"] ?? "");
    if (torn.length > 0) context.note(`a killed run left half-written ${torn.join(", ")}; removed`);
    const workspace = await LocalWorkspace.create({ workDir: context.rootDir });
    const known = (await workspace.listStacks()).map(({ name }) => name.split("/").pop()!);
    if (!known.includes(context.stack)) {
      if (!options.create) {
        throw new UserError(
          `stack ${context.stack} does not exist here (there is ${known.join(", ") || "none yet"}); ` +
            `check --stack and PULUMI_BACKEND_URL, or create it: ./fleet up --stack ${context.stack}`,
        );
      }
      await initStack(context);
    }
    const stack = await Stack.select(context.stack, workspace);
    return new FleetStack(stack, configFileOf(context), context.note);
  }

  preview(onEvent: OnEvent): Promise<PreviewResult> {
    return this.#guarded(() =>
      this.#stack.preview({
        configFile: this.#configFile.path,
        onEvent,
        color: "never",
        suppressProgress: true,
      }),
    );
  }

  // `showSecrets: false` in what follows: the history is read afterwards, and to show secrets of the configuration the
  // engine would write a salt into the committed file.

  async up(onEvent: OnEvent, interrupt: Interrupt): Promise<UpResult> {
    await this.#clearPending(interrupt);
    return this.#guarded(() =>
      this.#stack.up({
        configFile: this.#configFile.path,
        showSecrets: false,
        onEvent: both(onEvent, interrupt.onEvent),
        signal: interrupt.signal,
        color: "never",
        suppressProgress: true,
      }),
    );
  }

  async destroy(onEvent: OnEvent, interrupt: Interrupt): Promise<void> {
    await this.#guarded(() =>
      this.#stack.destroy({
        configFile: this.#configFile.path,
        showSecrets: false,
        onEvent: both(onEvent, interrupt.onEvent),
        signal: interrupt.signal,
        color: "never",
        suppressProgress: true,
        excludeProtected: true,
      }),
    );
  }

  outputs(): Promise<OutputMap> {
    return this.#stack.outputs();
  }

  /** Resources of the current state; secrets stay encrypted. */
  async resources(): Promise<StateResource[]> {
    return [...((await this.#deployment()).resources ?? [])];
  }

  /** Removes the record of the stack. Its settings in the project stay: another `up` starts from them. */
  async remove(): Promise<void> {
    await this.#stack.workspace.removeStack(this.#stack.name, {
      force: true,
      preserveConfig: true,
    });
    if (this.#configFile.private) rmSync(this.#configFile.path, { force: true });
  }

  /**
   * A killed run leaves creations in the state of which nobody knows whether they happened; the engine would carry
   * them along for ever. They are forgotten: what they made carries the stack's label, and the program removes it.
   */
  async #clearPending(interrupt: Interrupt): Promise<void> {
    const pending = (await this.#deployment()).pending_operations ?? [];
    if (pending.length === 0) return;
    this.#note(`an interrupted run left ${pending.length} step(s) open; they are closed first`);
    await this.#guarded(() =>
      this.#stack.refresh({
        configFile: this.#configFile.path,
        showSecrets: false,
        clearPendingCreates: true,
        onEvent: interrupt.onEvent,
        signal: interrupt.signal,
        color: "never",
        suppressProgress: true,
      }),
    );
  }

  async #deployment(): Promise<Deployment> {
    const exported = await this.#stack.exportStack();
    return (exported.deployment as Deployment | null | undefined) ?? {};
  }

  /** Runs one operation; a lock whose holder is dead is taken away once, any other lock is said plainly. */
  async #guarded<Result>(operation: () => Promise<Result>): Promise<Result> {
    try {
      return await operation();
    } catch (error) {
      const message = (error as Error).message;
      if (!isLocked(message)) throw error;
      const locks = parseLocks(message);
      if (locks.length === 0 || !locks.every((lock) => isStale(lock))) {
        throw new UserError(
          `stack ${this.#stack.name} is ${describeLocks(locks)}; wait for it to end`,
          exitCodes.locked,
        );
      }
      this.#note(`the lock of process ${locks[0]!.pid}, which no longer runs, is taken away`);
      await this.#stack.cancel();
      return operation();
    }
  }
}

type OnEvent = (event: EngineEvent) => void;

function both(first: OnEvent, second: OnEvent): OnEvent {
  return (event) => {
    first(event);
    second(event);
  };
}

/** What is read of an exported stack. */
interface Deployment {
  readonly resources?: readonly StateResource[];
  readonly pending_operations?: readonly unknown[];
}

export interface StateResource {
  readonly urn: string;
  readonly type: string;
  readonly id?: string;
  readonly delete?: boolean;
  readonly protect?: boolean;
  readonly inputs?: Readonly<Record<string, unknown>>;
  readonly outputs?: Readonly<Record<string, unknown>>;
}

interface ConfigFile {
  readonly path: string;
  /** Made for this machine; else the user's own. */
  readonly private: boolean;
}

/**
 * Configuration file of the stack. Where the committed one carries a salt, the team shares a passphrase and it is used
 * as it is. Else the salt belongs to this machine's passphrase, and a private copy keeps the work tree clean.
 */
function configFileOf({ rootDir, stack }: CommandContext): ConfigFile {
  const committed = join(rootDir, `Pulumi.${stack}.yaml`);
  const settings = existsSync(committed)
    ? ((parse(readFileSync(committed, "utf8")) as Record<string, unknown> | null) ?? {})
    : {};
  if ("encryptionsalt" in settings || "secretsprovider" in settings)
    return { path: committed, private: false };
  const base = process.env["XDG_CONFIG_HOME"] || join(homedir(), ".config");
  const directory = join(base, "mcp-fleet", "stacks");
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const copy = join(directory, `Pulumi.${stack}.yaml`);
  const salt = existsSync(copy)
    ? ((parse(readFileSync(copy, "utf8")) as { encryptionsalt?: string } | null)?.encryptionsalt ??
      undefined)
    : undefined;
  writeFileSync(copy, stringify({ ...settings, ...(salt && { encryptionsalt: salt }) }), {
    mode: 0o600,
  });
  return { path: copy, private: true };
}

/** `pulumi stack init` writes its salt beside `Pulumi.yaml`: a copy of that file keeps it out of the work tree. */
async function initStack({ rootDir, stack }: CommandContext): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "mcp-fleet-init-"));
  try {
    copyFileSync(join(rootDir, "Pulumi.yaml"), join(directory, "Pulumi.yaml"));
    const workspace = await LocalWorkspace.create({ workDir: directory });
    await workspace.createStack(stack).catch((error: Error) => {
      // Two first runs at once: one of them made it.
      if (!(error instanceof StackAlreadyExistsError)) throw error;
    });
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
