import { rmSync } from "node:fs";
import type { EngineEvent, OutputMap } from "@pulumi/pulumi/automation/index.js";
import type { StackExport } from "../release/deployment.ts";
import { exportClosed, exportOpen } from "../release/export-state.ts";
import { deriveEarly } from "../release/open-secrets.ts";
import type { ReleaseEngine } from "../release/engine-run.ts";
import { linkVariable } from "../release/link.ts";
import { isOpen } from "../release/run-transaction.ts";
import { stateBackendUrl } from "../../toolchain/index.ts";
import type { CommandContext } from "./context.ts";
import { exitCodes, UserError } from "./exit-codes.ts";
import type { Interrupt } from "./interrupt.ts";
import { pulumi, PulumiError, type PulumiOptions } from "./pulumi-cli.ts";
import { configFileOf, initStack, saltOf, type ConfigFile } from "./stack-file.ts";
import { describeLocks, isLocked, isStale, parseLocks } from "./stack-lock.ts";
import { outputsOf, type Deployment, type StateResource } from "./stack-state.ts";
import { removeTornMetadata } from "./torn-metadata.ts";

export type { StateResource } from "./stack-state.ts";

/** One Pulumi stack of this project, driven by the same CLI that a user would type. */
export class FleetStack {
  readonly #name: string;
  readonly #rootDir: string;
  readonly #configFile: ConfigFile;
  readonly #note: (text: string) => void;
  /** The state as it was read when the stack was opened; gone once it may have changed. */
  #opened: Opened | undefined;

  private constructor(context: CommandContext, opened: Opened) {
    this.#name = context.stack;
    this.#rootDir = context.rootDir;
    this.#configFile = configFileOf(context);
    this.#note = context.note;
    this.#opened = opened;
  }

  /**
   * Opens the stack; creates it if asked, else an unknown stack is an error. The tools must be ready.
   *
   * @param options.secrets reads the state with its secrets open: whoever needs them starts the CLI once less.
   */
  static async open(
    context: CommandContext,
    options: { readonly create: boolean; readonly secrets?: boolean },
  ): Promise<FleetStack> {
    const read = async (): Promise<Opened> => {
      const secrets = options.secrets === true;
      return { secrets, state: await readState(context, secrets) };
    };
    Object.assign(process.env, {
      MCP_FLEET_SET: JSON.stringify(context.sets),
      PULUMI_SKIP_UPDATE_CHECK: "true",
      PULUMI_SKIP_CONFIRMATIONS: "true",
      // A fifth of the CLI's processor time in an update that changes nothing is its garbage collector.
      GOGC: process.env["GOGC"] ?? "400",
    });
    const torn = removeTornMetadata(stateBackendUrl() ?? "");
    if (torn.length > 0) context.note(`a killed run left half-written ${torn.join(", ")}; removed`);
    if (options.secrets) deriveEarly(saltOf(context) ?? "", process.env);
    try {
      return new FleetStack(context, await read());
    } catch (error) {
      if (!isUnknownStack(error)) throw error;
      if (!options.create) throw await unknownStack(context);
    }
    await initStack(context);
    return new FleetStack(context, await read());
  }

  /** What would change, counted by kind of step. */
  async preview(
    onEvent: OnEvent,
  ): Promise<{ readonly changeSummary: Readonly<Record<string, number>> }> {
    const changeSummary = await this.#operate(["preview"], { onEvent });
    return { changeSummary };
  }

  /**
   * Updates the stack.
   *
   * @param link where the program finds who runs its transaction.
   * @returns what changed, counted by kind of step.
   */
  async up(
    onEvent: OnEvent,
    interrupt: Interrupt,
    link: string,
  ): Promise<Readonly<Record<string, number>>> {
    await this.#clearPending(interrupt);
    process.env[linkVariable] = link;
    try {
      return await this.#operate(
        ["up", "--yes", "--skip-preview"],
        underInterrupt(onEvent, interrupt),
      );
    } finally {
      delete process.env[linkVariable];
    }
  }

  /** The engine as a rollback needs it. */
  releaseEngine(interrupt: Interrupt): ReleaseEngine {
    const automation = once(async () => {
      // Loading the Automation API takes a second, and only a rollback needs it: it runs a program of its own.
      const [{ LocalWorkspace, Stack }, { automationEngine }] = await Promise.all([
        import("@pulumi/pulumi/automation/index.js"),
        import("../release/engine-run.ts"),
      ]);
      const workspace = await LocalWorkspace.create({ workDir: this.#rootDir });
      // Every command names its stack; to select it costs a start of the CLI, and changes what the user has selected.
      const named = Object.create(workspace, {
        selectStack: { value: () => Promise.resolve() },
      }) as typeof workspace;
      const stack = await Stack.select(this.#name, named);
      return automationEngine(stack, {
        configFile: this.#configFile.path,
        onEvent: interrupt.onEvent,
      });
    });
    return {
      exportDeployment: () => this.#openState(),
      // What goes wrong here is said by the rollback that needs it.
      prepare: () => void automation().catch(() => undefined),
      importDeployment: (deployment) =>
        this.#unlocked(async () => (await automation()).importDeployment(deployment)),
      up: (program, options) =>
        this.#unlocked(async () => (await automation()).up(program, options)),
    };
  }

  /** The state as the backend keeps it, its secrets encrypted. */
  async export(): Promise<StackExport> {
    return readState({ stack: this.#name, rootDir: this.#rootDir }, false);
  }

  async destroy(onEvent: OnEvent, interrupt: Interrupt): Promise<void> {
    await this.#operate(
      ["destroy", "--yes", "--skip-preview", "--exclude-protected"],
      underInterrupt(onEvent, interrupt),
    );
  }

  /** Outputs of the stack, secrets in clear and marked. */
  async outputs(): Promise<OutputMap> {
    return outputsOf((await this.#openState()).deployment ?? {});
  }

  /** Settings of the stack, secrets in clear. */
  async config(): Promise<Record<string, string>> {
    const place = ["--stack", this.#name, "--config-file", this.#configFile.path];
    const text = await pulumi(["config", "--show-secrets", "--json", ...place], {
      cwd: this.#rootDir,
    });
    const settings = JSON.parse(text) as Record<string, { readonly value?: string }>;
    return Object.fromEntries(
      Object.entries(settings).map(([key, { value = "" }]) => [key, value]),
    );
  }

  /** Resources of the current state; secrets may be encrypted. */
  async resources(): Promise<StateResource[]> {
    return [...((await this.#current()).resources ?? [])];
  }

  /** Reads anew what is asked for next: until the stack's lease is ours, others may have changed it. */
  forget(): void {
    this.#opened = undefined;
  }

  /** Whether an update of it was neither committed nor rolled back. */
  async isOpen(): Promise<boolean> {
    return isOpen({ resources: await this.resources() });
  }

  /** Removes the record of the stack. Its settings in the project stay: another `up` starts from them. */
  async remove(): Promise<void> {
    await pulumi(["stack", "rm", "--yes", "--force", "--preserve-config", this.#name], {
      cwd: this.#rootDir,
    });
    if (this.#configFile.private) rmSync(this.#configFile.path, { force: true });
  }

  /**
   * A killed run leaves creations in the state of which nobody knows whether they happened; the engine would carry
   * them along for ever. They are forgotten: what they made carries the stack's label, and the program removes it.
   */
  async #clearPending(interrupt: Interrupt): Promise<void> {
    const pending = (await this.#current()).pending_operations ?? [];
    if (pending.length === 0) return;
    this.#note(`an interrupted run left ${pending.length} step(s) open; they are closed first`);
    await this.#operate(
      ["refresh", "--yes", "--skip-preview", "--clear-pending-creates"],
      underInterrupt(() => undefined, interrupt),
    );
  }

  async #current(): Promise<Deployment> {
    return (this.#opened?.state ?? (await this.export())).deployment ?? {};
  }

  async #openState(): Promise<StackExport> {
    return this.#opened?.secrets
      ? this.#opened.state
      : readState({ stack: this.#name, rootDir: this.#rootDir }, true);
  }

  /**
   * Runs one operation of the engine.
   *
   * @returns steps by kind, as the engine counts them.
   */
  async #operate(
    args: readonly string[],
    options: Pick<PulumiOptions, "onEvent" | "signal">,
  ): Promise<Readonly<Record<string, number>>> {
    let changes: Readonly<Record<string, number>> = {};
    const operation = (): Promise<string> =>
      pulumi(
        [
          ...args,
          ...["--stack", this.#name, "--config-file", this.#configFile.path],
          ...["--color", "never", "--suppress-progress"],
        ],
        {
          cwd: this.#rootDir,
          ...(options.signal && { signal: options.signal }),
          onEvent: (event) => {
            if (event.summaryEvent) changes = event.summaryEvent.resourceChanges;
            options.onEvent?.(event);
          },
        },
      );
    await this.#unlocked(operation);
    return changes;
  }

  /** A lock whose holder is dead is taken away once, any other lock is said plainly. */
  async #unlocked<Result>(operation: () => Promise<Result>): Promise<Result> {
    // From here on the state may change; during a preview, somebody else may change it while the user decides.
    this.forget();
    try {
      return await operation();
    } catch (error) {
      const message = (error as Error).message;
      if (!isLocked(message)) throw error;
      const locks = parseLocks(message);
      if (locks.length === 0 || !locks.every((lock) => isStale(lock))) {
        throw new UserError(
          `stack ${this.#name} is ${describeLocks(locks)}; wait for it to end`,
          exitCodes.locked,
        );
      }
      this.#note(`the lock of process ${locks[0]!.pid}, which no longer runs, is taken away`);
      await pulumi(["cancel", "--yes", "--stack", this.#name], { cwd: this.#rootDir });
      return await operation();
    }
  }
}

function once<Value>(make: () => Promise<Value>): () => Promise<Value> {
  let made: Promise<Value> | undefined;
  return () => (made ??= make());
}

type OnEvent = (event: EngineEvent) => void;

function underInterrupt(
  onEvent: OnEvent,
  interrupt: Interrupt,
): Required<Pick<PulumiOptions, "onEvent" | "signal">> {
  return {
    onEvent: (event) => {
      onEvent(event);
      interrupt.onEvent(event);
    },
    signal: interrupt.signal,
  };
}

/** A state, and whether its secrets are open. */
interface Opened {
  readonly secrets: boolean;
  readonly state: StackExport;
}

/** @throws PulumiError, for an unknown stack too. */
async function readState(
  { stack, rootDir }: Pick<CommandContext, "stack" | "rootDir">,
  secrets: boolean,
): Promise<StackExport> {
  const run = (command: readonly string[]): Promise<string> =>
    pulumi([...command, "--stack", stack], { cwd: rootDir });
  return secrets ? exportOpen(run, process.env) : exportClosed(run);
}

function isUnknownStack(error: unknown): boolean {
  return error instanceof PulumiError && /no stack named .* found/.test(error.stderr);
}

async function unknownStack({ stack, rootDir }: CommandContext): Promise<UserError> {
  const listed = JSON.parse(await pulumi(["stack", "ls", "--json"], { cwd: rootDir })) as {
    readonly name: string;
  }[];
  const known = listed.map(({ name }) => name.split("/").pop()!);
  return new UserError(
    `stack ${stack} does not exist here (there is ${known.join(", ") || "none yet"}); ` +
      `check --stack and PULUMI_BACKEND_URL, or create it: ./fleet up --stack ${stack}`,
  );
}
