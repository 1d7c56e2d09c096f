import { randomBytes } from "node:crypto";
import { link, mkdir, mkdtemp, open, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { BrokenLoginError, stateBackend, withoutLogin } from "../infra/release/state-backend.ts";
import { exists, type Machine } from "./machine.ts";
import { type ToolReport, toolProblem } from "./report.ts";

const BACKEND = "state backend";
const PASSPHRASE = "passphrase";

/** Where Pulumi keeps state and what its secrets are encrypted with. */
export interface StateChoice {
  /** Variables to add to the environment; empty when the user has chosen everything. */
  readonly env: Readonly<Record<string, string>>;
  readonly reports: readonly ToolReport[];
}

interface Backend {
  /** Undefined when Pulumi Cloud is meant by a token alone. */
  readonly url?: string;
  readonly source: string;
  readonly env: Readonly<Record<string, string>>;
}

/** The backend that `pulumi` itself would use; else the local one. */
function chooseBackend({ env, root, accountHome }: Machine): Backend {
  let named: ReturnType<typeof stateBackend>;
  try {
    named = stateBackend({ env, root, home: accountHome });
  } catch (error) {
    if (!(error instanceof BrokenLoginError)) throw error;
    throw toolProblem(BACKEND, error.message, "run `pulumi login` again, or `pulumi logout`");
  }
  if (named !== undefined) return { ...named, env: {} };
  if (env["PULUMI_ACCESS_TOKEN"]) return { source: "PULUMI_ACCESS_TOKEN", env: {} };
  const url = `file://${accountHome}`;
  return { url, source: "", env: { PULUMI_BACKEND_URL: url } };
}

/** Address of the state backend that `pulumi` would use here; undefined for Pulumi Cloud without a login. */
export function backendUrl(machine: Machine): string | undefined {
  return chooseBackend(machine).url;
}

/** Whether a backend encrypts secrets itself: Pulumi Cloud and its self-hosted form do, storage does not. */
function encryptsItself({ url }: Backend): boolean {
  return url === undefined || /^https?:/.test(url);
}

/** Whether the stack's own file names a key service, so that no passphrase is asked for. */
async function hasKeyService(machine: Machine, stack: string | undefined): Promise<boolean> {
  if (stack === undefined) return false;
  const file = join(machine.root, `Pulumi.${stack.split("/").at(-1) ?? stack}.yaml`);
  const text = await readFile(file, "utf8").catch(() => "");
  const match = /^secretsprovider:\s*["']?([^\s"'#]+)/m.exec(text);
  return match?.[1] !== undefined && match[1] !== "passphrase" && match[1] !== "default";
}

function passphrasePath(machine: Machine): string {
  const config = machine.env["XDG_CONFIG_HOME"] || join(machine.home, ".config");
  return join(config, "mcp-fleet", "passphrase");
}

/** Throws unless a passphrase file can be read and holds something. */
async function checkPassphraseFile(path: string, source: string): Promise<void> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    const { code = "error" } = error as NodeJS.ErrnoException;
    const why = code === "ENOENT" ? "does not exist" : `cannot be read (${code})`;
    throw toolProblem(
      PASSPHRASE,
      `${path} (${source}) ${why}`,
      "restore the file: without its passphrase the stack's secrets cannot be read",
    );
  }
  if (text.trim() === "") {
    throw toolProblem(
      PASSPHRASE,
      `${path} (${source}) is empty`,
      "restore the passphrase of the stack; if there is no stack yet, remove the file and a new one is made",
    );
  }
}

async function passphraseReport(
  machine: Machine,
  backend: Backend,
  stack: string | undefined,
): Promise<ToolReport | undefined> {
  const { env } = machine;
  if (env["PULUMI_CONFIG_PASSPHRASE"] !== undefined) {
    return { tool: PASSPHRASE, used: "PULUMI_CONFIG_PASSPHRASE", origin: "found" };
  }
  const file = env["PULUMI_CONFIG_PASSPHRASE_FILE"];
  if (file) {
    await checkPassphraseFile(file, "PULUMI_CONFIG_PASSPHRASE_FILE");
    return { tool: PASSPHRASE, used: file, origin: "found" };
  }
  if (encryptsItself(backend)) {
    return { tool: PASSPHRASE, used: "not needed: the backend encrypts secrets", origin: "found" };
  }
  if (await hasKeyService(machine, stack)) {
    return {
      tool: PASSPHRASE,
      used: `not needed: Pulumi.${stack ?? ""}.yaml names a key service`,
      origin: "found",
    };
  }
  return undefined;
}

function backendReport(backend: Backend): ToolReport {
  if (backend.source !== "") {
    const used = backend.url === undefined ? "Pulumi Cloud" : withoutLogin(backend.url);
    return { tool: BACKEND, used: `${used} (${backend.source})`, origin: "found" };
  }
  return {
    tool: BACKEND,
    used: backend.url ?? "",
    origin: "generated",
    better: "a backend that several machines share: `pulumi login <url>` or PULUMI_BACKEND_URL",
  };
}

const KEEP = "keep a copy elsewhere: losing it loses the stack's secrets";

function generatedReport(path: string): ToolReport {
  return {
    tool: PASSPHRASE,
    used: path,
    origin: "generated",
    better: `a passphrase or key service of your own (PULUMI_CONFIG_PASSPHRASE_FILE); ${KEEP}`,
  };
}

/** For `fleet doctor`: backend and passphrase that would be used; creates nothing. */
export async function diagnoseState(
  machine: Machine,
  stack?: string,
): Promise<readonly ToolReport[]> {
  const backend = chooseBackend(machine);
  const report = await passphraseReport(machine, backend, stack);
  if (report !== undefined) return [backendReport(backend), report];
  const path = passphrasePath(machine);
  if (await exists(path)) {
    await checkPassphraseFile(path, "made by an earlier run");
    return [backendReport(backend), generatedReport(path)];
  }
  const missing: ToolReport = {
    tool: PASSPHRASE,
    used: path,
    origin: "missing",
    better: "`fleet up` makes one",
  };
  return [backendReport(backend), missing];
}

/** Backend and passphrase: the user's own where there are any, else local ones, made and announced once. */
export async function prepareState(machine: Machine, stack?: string): Promise<StateChoice> {
  const backend = chooseBackend(machine);
  const report = await passphraseReport(machine, backend, stack);
  if (report !== undefined) return { env: backend.env, reports: [backendReport(backend), report] };
  const path = passphrasePath(machine);
  const made = await makePassphrase(path);
  await checkPassphraseFile(path, "made by an earlier run");
  if (made) {
    machine.log(`${PASSPHRASE}: made ${path}; ${KEEP}`);
    const login = backend.source === "" ? "`pulumi login --local` and " : "";
    if (backend.source === "") {
      machine.log(`${BACKEND}: no login found, so state is kept in ${machine.accountHome}/.pulumi`);
    }
    machine.log(
      `${BACKEND}: for plain pulumi commands: ${login}\`export PULUMI_CONFIG_PASSPHRASE_FILE=${path}\``,
    );
  }
  const env = { ...backend.env, PULUMI_CONFIG_PASSPHRASE_FILE: path };
  return { env, reports: [backendReport(backend), generatedReport(path)] };
}

/**
 * Makes a file of 32 random bytes in base64, readable by its owner alone; false when there is one already. The file
 * gets its name when it is whole, and only if nobody else took that name: of two runs at once both read the same.
 */
async function makePassphrase(path: string): Promise<boolean> {
  if (await exists(path)) return false;
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const work = await mkdtemp(`${path}-`);
  const whole = join(work, "passphrase");
  try {
    await writeFile(whole, `${randomBytes(32).toString("base64")}\n`, { mode: 0o600, flag: "wx" });
    const file = await open(whole, "r");
    await file.sync();
    await file.close();
    await link(whole, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw toolProblem(
      PASSPHRASE,
      `${path} cannot be made: ${(error as Error).message}`,
      "make that directory writable, or set PULUMI_CONFIG_PASSPHRASE_FILE",
    );
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}
