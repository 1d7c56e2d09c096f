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
import type { Interrupt } from "./interrupt.ts";
import { describeLocks, isLocked, isStale, parseLocks } from "./stack-lock.ts";

/** One Pulumi stack of this project, driven by the same CLI that a user would type. */
export class FleetStack {
  readonly #stack: Stack;
  readonly #configFile: string;
  readonly #note: (text: string) => void;

  private constructor(stack: Stack, configFile: string, note: (text: string) => void) {
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
    const workspace = await LocalWorkspace.create({ workDir: context.rootDir });
    const known = (await workspace.listStacks()).map(({ name }) => name.split("/").pop()!);
    if (!known.includes(context.stack)) {
      if (!options.create) {
        throw new UserError(
          `stack ${context.stack} does not exist here (${known.length > 0 ? `there is ${known.join(", ")}` : "there is none yet"}); ./fleet up --stack ${context.stack} creates it`,
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
        configFile: this.#configFile,
        onEvent,
        color: "never",
        suppressProgress: true,
      }),
    );
  }

  up(onEvent: OnEvent, interrupt: Interrupt): Promise<UpResult> {
    return this.#guarded(() =>
      this.#stack.up({
        configFile: this.#configFile,
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
        configFile: this.#configFile,
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
    const { deployment } = await this.#stack.exportStack();
    return ((deployment as { resources?: StateResource[] } | undefined)?.resources ?? []).slice();
  }

  async remove(): Promise<void> {
    await this.#stack.workspace.removeStack(this.#stack.name, { force: true });
    rmSync(this.#configFile, { force: true });
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

export interface StateResource {
  readonly urn: string;
  readonly type: string;
  readonly id?: string;
  readonly delete?: boolean;
  readonly protect?: boolean;
  readonly inputs?: Readonly<Record<string, unknown>>;
  readonly outputs?: Readonly<Record<string, unknown>>;
}

/**
 * Configuration file of the stack. Where the committed one carries a salt, the team shares a passphrase and it is used
 * as it is. Else the salt belongs to this machine's passphrase, and a private copy keeps the work tree clean.
 */
function configFileOf({ rootDir, stack }: CommandContext): string {
  const committed = join(rootDir, `Pulumi.${stack}.yaml`);
  const settings = existsSync(committed)
    ? ((parse(readFileSync(committed, "utf8")) as Record<string, unknown> | null) ?? {})
    : {};
  if ("encryptionsalt" in settings || "secretsprovider" in settings) return committed;
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
  return copy;
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
