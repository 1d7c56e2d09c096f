import type { Properties } from "../bridge/values.ts";

/** `runtime.options` of a Pulumi.yaml, as far as the host acts on them. */
export interface RuntimeOptions {
  /** Whether the SDK itself compiles TypeScript; default true, as in the official host. */
  readonly typescript: boolean;
  /** Arguments for node, such as `--import`, `tsx`. */
  readonly nodeArguments: readonly string[];
  readonly tsconfig: string | undefined;
}

/** @throws if an option has the wrong type or one that the host cannot honour is set */
export function parseOptions(options: Properties): RuntimeOptions {
  const { typescript = true, nodeargs = "", tsconfig, ...rest } = options;
  if (typeof typescript !== "boolean") throw new Error("typescript option must be a boolean");
  if (typeof nodeargs !== "string") throw new Error("nodeargs option must be a string");
  if (tsconfig !== undefined && typeof tsconfig !== "string") {
    throw new Error("tsconfig option must be a string");
  }
  const manager = rest.packagemanager;
  if (manager !== undefined && manager !== "npm" && manager !== "auto") {
    throw new Error(
      `packagemanager option: got ${JSON.stringify(manager)}, this host supports npm`,
    );
  }
  return { typescript, nodeArguments: splitArguments(nodeargs), tsconfig };
}

/** Words of a command line: separated by spaces, quoted with ' or ", escaped with \. */
export function splitArguments(line: string): string[] {
  const words: string[] = [];
  let word: string | undefined;
  let quote = "";
  for (let i = 0; i < line.length; i++) {
    const char = line.charAt(i);
    if (quote !== "") {
      if (char === quote) quote = "";
      else if (char === "\\" && quote === '"') word = (word ?? "") + line.charAt(++i);
      else word = (word ?? "") + char;
    } else if (char === "'" || char === '"') {
      quote = char;
      word ??= "";
    } else if (char === "\\") {
      word = (word ?? "") + line.charAt(++i);
    } else if (/\s/.test(char)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else {
      word = (word ?? "") + char;
    }
  }
  if (quote !== "") throw new Error(`nodeargs option: missing closing ${quote}`);
  return word === undefined ? words : [...words, word];
}
