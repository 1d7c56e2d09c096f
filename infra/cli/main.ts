import { Command, CommanderError, type CommandOptions } from "commander";
import { rootDir } from "../root-dir.ts";
import { defaultStack, type CommandContext } from "./context.ts";
import { explainEngineError } from "./engine-error.ts";
import { exitCodes, UserError } from "./exit-codes.ts";
import { requireStackName } from "./stack-name.ts";
import { closeSites } from "../platforms/site-of.ts";
import { StatusLine } from "./status-line.ts";
import { explainUsage } from "./usage-error.ts";

interface GlobalOptions {
  readonly stack: string;
  readonly json?: boolean;
  readonly yes?: boolean;
  readonly set: string[];
}

type Action = (
  context: CommandContext,
  options: Readonly<Record<string, unknown>>,
  args: readonly string[],
) => Promise<number>;

const program = new Command("fleet")
  .description("Runs a fleet of MCP servers with everything it needs, as one Pulumi stack")
  // Mistakes are said below, in the words of every other problem.
  .configureOutput({ outputError: () => undefined })
  .exitOverride();

/** The command that was being read; `fleet` itself as long as none is known. */
let reading = program;

/** Commands are loaded when they run: `--help` and `config` need neither Pulumi nor Docker. */
function command(
  name: string,
  description: string,
  load: () => Promise<Action>,
  options: CommandOptions = {},
): Command {
  const made: Command = program
    .command(name, options)
    .description(description)
    .exitOverride((error) => {
      reading = made;
      throw error;
    })
    .option("--stack <name>", "Pulumi stack", process.env["MCP_FLEET_STACK"] ?? defaultStack)
    .option("--json", "machine-readable result on standard output")
    .option("--yes", "do not ask; implied without a terminal")
    .option(
      "--set <path=value>",
      "override the fleet file for this command; repeatable",
      collect,
      [],
    )
    .action(async (...received: unknown[]) => {
      // Commander passes the arguments, then the options, then the command itself.
      const args = received.slice(0, -2) as string[];
      const options = received.at(-2) as GlobalOptions & Record<string, unknown>;
      requireStackName(options.stack);
      const action = await load();
      try {
        process.exitCode = await action(contextOf(options), options, args);
      } catch (error) {
        throw explainEngineError(error, { stack: options.stack, env: process.env }) ?? error;
      } finally {
        await closeSites();
      }
    });
  return made;
}

function collect(value: string, previous: string[]): string[] {
  return [...previous, value];
}

function contextOf(options: GlobalOptions): CommandContext {
  const line = process.stderr.isTTY ? new StatusLine(process.stderr) : undefined;
  return {
    rootDir,
    stack: options.stack,
    json: options.json === true,
    yes: options.yes === true || !process.stdin.isTTY,
    sets: options.set,
    env: process.env,
    out: (text) => void process.stdout.write(`${text}\n`),
    note: line?.print ?? ((text) => void process.stderr.write(`${text}\n`)),
    ...(line && { status: line.show }),
  };
}

command("up", "deploy the fleet, or roll back to what was live", async () => {
  return (await import("./commands/up.ts")).up;
}).option("--keep-failed", "leave a failed first deployment as it is");
command(
  "preview",
  "show what up would change",
  async () => (await import("./commands/preview.ts")).preview,
);
command("render", "write every generated file, without an engine", async () => {
  return (await import("./commands/render.ts")).render;
}).requiredOption("--out <dir>", "directory to write into");
command("dashboards", "draw every dashboard from live data, as pages to look at", async () => {
  return (await import("./commands/dashboards.ts")).dashboards;
})
  .option("--out <dir>", "directory to write into; default: .build/dashboards/STACK")
  .option("--range <time>", "how far to look back, as in 15m, 6h or 2d", "1h");
command("status", "what is deployed, and whether each part is healthy", async () => {
  return (await import("./commands/status.ts")).status;
}).option("--wait", "wait until nobody changes the stack; the exit code is the verdict");
command("history", "every release: who, when, from which commit, what became of it", async () => {
  return (await import("./commands/history.ts")).history;
}).option("--verify", "find any edit of the history");
command("rollback", "return to a release that was healthy", async () => {
  return (await import("./commands/rollback.ts")).rollback;
}).option("--to <release>", "default: the healthy release before the one that is live");
command("recover", "finish a rollback that was interrupted or did not succeed", async () => {
  return (await import("./commands/recover.ts")).recover;
}).option("--take-over", "although a run on another machine holds the stack");
command("health", "ask every part of the fleet whether it works", async () => {
  return (await import("./commands/health.ts")).health;
});
command("outputs", "addresses, client configuration, tokens", async () => {
  return (await import("./commands/outputs.ts")).outputs;
}).option("--show-secrets", "show tokens in clear");
command(
  "supervise",
  "end what a plain pulumi up began; the program starts it",
  async () => (await import("./commands/supervise.ts")).supervise,
  { hidden: true },
).requiredOption("--engine <pid>", "process of the engine");
command("images", "build the images that the nodes of a cluster pull", async () => {
  return (await import("./commands/images.ts")).images;
}).option("--push", "push them to their registry");
command("config", "validate | schema | show: the fleet file as it is understood", async () => {
  return (await import("./commands/config-command.ts")).config;
}).argument("<action>", "validate, schema or show");
command("doctor", "which tools are used, and what would be better", async () => {
  return (await import("./commands/doctor.ts")).doctor;
});
command("destroy", "remove the fleet; data volumes stay", async () => {
  return (await import("./commands/destroy.ts")).destroy;
}).option("--delete-data", "remove the data volumes too");
command(
  "test",
  "run every test of this project",
  async () => (await import("./commands/test.ts")).test,
).option(
  "--only <suites>",
  "static, unit, toolchain, artefacts, containers, cli, engine, docker; drills, alerts and kubernetes only when asked for; separate several by commas",
  collect,
  [],
);

// `./fleet doctor | head` closes the pipe early: that is not an error of ours.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit();
  throw error;
});

program.parseAsync().catch((error: unknown) => {
  if (error instanceof CommanderError) {
    // Help is printed already; asked for, it ends with 0.
    const isHelp = /^commander\.(help|helpDisplayed|version)$/.test(error.code);
    if (!isHelp) process.stderr.write(`${explainUsage(error, reading)}\n`);
    process.exitCode = error.exitCode === 0 ? exitCodes.done : exitCodes.usage;
  } else if (isUserFacing(error)) {
    process.stderr.write(`${error.message}\n`);
    process.exitCode = error instanceof UserError ? error.exitCode : exitCodes.refused;
  } else {
    throw error;
  }
});

/** Errors whose message is written for the user; anything else is a defect and shows its stack trace. */
function isUserFacing(error: unknown): error is Error {
  return (
    error instanceof Error && ["UserError", "ConfigError", "ToolchainError"].includes(error.name)
  );
}
