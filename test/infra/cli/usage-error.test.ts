import { Command, type CommanderError } from "commander";
import { expect, it } from "vitest";
import { explainUsage } from "../../../infra/cli/usage-error.ts";

/** A program of two commands, as the real one is built. */
function refusal(...args: string[]): string {
  let reading: Command | undefined;
  const program = new Command("fleet").configureOutput({ outputError: () => undefined });
  program.exitOverride((error) => {
    reading ??= program;
    throw error;
  });
  for (const name of ["up", "render"]) {
    const made: Command = program.command(name).option("--stack <name>", "stack");
    if (name === "render") made.requiredOption("--out <dir>", "directory").argument("<what>");
    made
      .exitOverride((error) => {
        reading = made;
        throw error;
      })
      .action(() => undefined);
  }
  try {
    program.parse(args, { from: "user" });
    return "taken";
  } catch (error) {
    return explainUsage(error as CommanderError, reading!);
  }
}

it.each([
  [["deploy"], "fleet deploy: no such command; known here: up, render; see ./fleet --help"],
  [
    ["rendr"],
    "fleet rendr: no such command; did you mean render? Known here: up, render; see ./fleet --help",
  ],
  [
    ["up", "--stak", "x"],
    "fleet up --stak: no such option; did you mean --stack? Known here: --stack; see ./fleet up --help",
  ],
  [["up", "--stack"], "fleet up --stack <name>: it needs a value; see ./fleet up --help"],
  [["up", "now"], 'fleet up: got "now"; it takes options only; see ./fleet up --help'],
  [
    ["render", "all"],
    "fleet render --out <dir>: missing; it is required; see ./fleet render --help",
  ],
  [
    ["render", "--out", "x"],
    "fleet render what: missing; it is required; see ./fleet render --help",
  ],
  [
    ["render", "--out", "x", "a", "b"],
    'fleet render: got "b"; it takes only what; see ./fleet render --help',
  ],
  [["up", "--stack", "x"], "taken"],
])("%j", (args, says) => {
  expect(refusal(...args)).toBe(says);
});
