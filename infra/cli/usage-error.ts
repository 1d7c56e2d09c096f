import type { Command, CommanderError } from "commander";
import { didYouMean } from "../config/suggest.ts";

/**
 * A mistyped command line, said like every other problem: what was given, what is allowed, what to do.
 *
 * @param command the one that was being read: `fleet` itself or one of its commands.
 */
export function explainUsage(error: CommanderError, command: Command): string {
  const isRoot = command.parent === null;
  const help = isRoot ? "./fleet --help" : `./fleet ${command.name()} --help`;
  // Hidden ones are for the program itself.
  const visible = new Set(command.createHelp().visibleCommands(command));
  const names = command.commands.filter((sub) => visible.has(sub)).map((sub) => sub.name());
  const options = command.options.map(({ long }) => long!);
  // The word in question stands in quotes, as in: unknown option '--force'
  const word = /'([^']*)'/.exec(error.message)?.[1] ?? "";
  const problems: Readonly<Record<string, string>> = {
    "commander.unknownCommand": `no such command; ${didYouMean(word, names)}`,
    "commander.unknownOption": `no such option; ${didYouMean(word, options)}`,
    "commander.optionMissingArgument": "it needs a value",
    "commander.missingMandatoryOptionValue": "missing; it is required",
    "commander.missingArgument": "missing; it is required",
    "commander.excessArguments": `got ${JSON.stringify(command.args.at(-1) ?? "")}; it takes ${argumentsOf(command)}`,
  };
  const problem = problems[error.code] ?? error.message.replace(/^error: /, "");
  const subject = error.code === "commander.excessArguments" ? "" : ` ${word}`;
  return `fleet${isRoot ? "" : ` ${command.name()}`}${subject}: ${problem}; see ${help}`;
}

function argumentsOf(command: Command): string {
  const names = command.registeredArguments.map((argument) => argument.name());
  return names.length === 0 ? "options only" : `only ${names.join(" ")}`;
}
