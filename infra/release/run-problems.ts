import { stripVTControlCharacters } from "node:util";
import type { EngineEvent } from "@pulumi/pulumi/automation/index.js";
import { nameOf } from "./deployment.ts";

/** What one of our hooks said, without the engine's words about it. */
export function withoutHook(message: string): string {
  return message.replace(/^after hook "[^"]*" failed: /, "");
}

/** Collects what the engine calls an error while a program runs. */
export class RunProblems {
  readonly #problems = new Map<string, string>();

  readonly onEvent = ({ diagnosticEvent }: EngineEvent): void => {
    if (diagnosticEvent?.severity !== "error") return;
    const text = withoutHook(stripVTControlCharacters(diagnosticEvent.message).trim());
    // The engine's own summary, after all others.
    if (text === "" || text === "update failed") return;
    const { urn } = diagnosticEvent;
    const name = urn === undefined ? "" : nameOf(urn);
    this.#problems.set(text, text.startsWith(name) ? text : `${name}: ${text}`);
  };

  /**
   * The error of a run that failed: what the engine said of each object. The output of the CLI, which the Automation API
   * makes its message of, has that between everything that went well, twice.
   *
   * @returns the error as it was if the engine said nothing: the run never began
   */
  asError(error: unknown): unknown {
    if (this.#problems.size === 0) return error;
    return new Error([...this.#problems.values()].join("\n"), { cause: error });
  }
}
