import { createInterface } from "node:readline/promises";
import type { CommandContext } from "./context.ts";

/** Asks on the terminal; `--yes`, or no terminal, is a yes. */
export async function confirm(context: CommandContext, question: string): Promise<boolean> {
  if (context.yes) return true;
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(es)?$/i.test((await terminal.question(`${question} [y/N] `)).trim());
  } finally {
    terminal.close();
  }
}
