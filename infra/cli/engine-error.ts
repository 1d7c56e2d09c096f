import { UserError } from "./exit-codes.ts";
import { PulumiError } from "./pulumi-cli.ts";

/** What decides about a message besides the engine's own words. */
export interface EngineErrorContext {
  readonly stack: string;
  readonly env: NodeJS.ProcessEnv;
}

/**
 * The message for the user when a `pulumi` command failed outside the program: its `error:` lines, with what to do
 * about those that a user can mend. Undefined for errors that are not the engine's.
 */
export function explainEngineError(
  error: unknown,
  context: EngineErrorContext,
): UserError | undefined {
  if (!(error instanceof PulumiError)) return undefined;
  const said = errorLines(error.message);
  return new UserError(
    explainPassphrase(said, context) ??
      explainKeyService(said, context) ??
      explainBackend(said, context) ??
      said,
  );
}

/** The lines that matter of a command's whole output: from the first `error:` on, without the word itself. */
function errorLines(message: string): string {
  const lines = message.split("\n").map((line) => line.trimEnd());
  const first = lines.findIndex((line) => line.startsWith("error: "));
  if (first < 0) return message.trim();
  const kept = lines.slice(first).filter((line) => line.trim() !== "");
  return `pulumi: ${kept.join("\n").replace(/^error: /, "")}`;
}

function explainPassphrase(said: string, context: EngineErrorContext): string | undefined {
  if (!/incorrect passphrase|passphrase must be set/.test(said)) return undefined;
  const wrong = /incorrect passphrase/.test(said);
  const { env, stack } = context;
  const source =
    env["PULUMI_CONFIG_PASSPHRASE"] !== undefined
      ? "PULUMI_CONFIG_PASSPHRASE"
      : (env["PULUMI_CONFIG_PASSPHRASE_FILE"] ?? "none");
  return wrong
    ? `passphrase: the one from ${source} does not open the secrets of stack ${stack}; ` +
        "give the passphrase that the stack was made with, as PULUMI_CONFIG_PASSPHRASE or in the file that PULUMI_CONFIG_PASSPHRASE_FILE names"
    : `passphrase: none is given, and stack ${stack} has secrets; set PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE`;
}

/** A key service that cannot be asked, or says no: the words before its own are steps of the CLI. */
function explainKeyService(said: string, { stack }: EngineErrorContext): string | undefined {
  const why = /(?:secrets \(code=\w+\)|open keeper \S+): (.*)/.exec(said)?.[1];
  if (why === undefined) return undefined;
  return (
    `key service: the one of stack ${stack} (secretsprovider in Pulumi.${stack}.yaml) does not open its secrets: ${why}; ` +
    "check its address and your login there, and that you may use the key"
  );
}

function explainBackend(said: string, { env }: EngineErrorContext): string | undefined {
  const why = /unable to open bucket \S+: (.*)/.exec(said)?.[1];
  if (why === undefined) return undefined;
  const url = env["PULUMI_BACKEND_URL"];
  // Storage addresses may carry credentials.
  const shown = url?.replace(/\/\/[^/@]*@/, "//").replace(/\?.*$/, "");
  return (
    `state backend: ${shown === undefined ? "the one of pulumi login" : `PULUMI_BACKEND_URL=${shown}`} cannot be opened: ${why}; ` +
    "make that directory, or name another backend (unset the variable for the local default)"
  );
}
