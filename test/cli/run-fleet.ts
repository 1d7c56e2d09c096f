import { spawn, type ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { rootDir } from "../../infra/root-dir.ts";

/** Where the command's files go instead of the user's, and what it is given as environment. */
export interface Sandbox {
  readonly dir: string;
  readonly env: NodeJS.ProcessEnv;
  /** Writes `Pulumi.<stack>.yaml` into the project; the version control ignores it. */
  writeStackFile(stack: string, text: string): string;
  /** Writes any other file of the sandbox; its path. */
  write(name: string, text: string): string;
  remove(): void;
}

/** Variables that would let the machine's own settings into a test. */
const foreign =
  /^(PULUMI_|MCP_|FLEET_|POSTGRES_|PGBOUNCER_|LOG_|GRAFANA_|DOCKER_|XDG_|VITEST|NODE_OPTIONS)/;

/** An empty home, an empty state backend, and no setting from outside. */
export function makeSandbox(): Sandbox {
  const dir = mkdtempSync(join(tmpdir(), "mcp-fleet-cli-"));
  const home = join(dir, "home");
  const state = join(dir, "state");
  for (const path of [home, state]) mkdirSync(path);
  const stackFiles: string[] = [];
  const env = Object.fromEntries(
    Object.entries(process.env).filter(
      ([name]) => !foreign.test(name) || name === "DOCKER_HOST" || name === "DOCKER_CONTEXT",
    ),
  );
  return {
    dir,
    env: {
      ...env,
      HOME: home,
      XDG_CONFIG_HOME: join(home, ".config"),
      PULUMI_HOME: join(home, ".pulumi"),
      PULUMI_BACKEND_URL: `file://${state}`,
      NO_COLOR: "1",
    },
    writeStackFile: (stack, text) => {
      const path = join(rootDir, `Pulumi.${stack}.yaml`);
      writeFileSync(path, text);
      stackFiles.push(path);
      return path;
    },
    write: (name, text) => {
      const path = join(dir, name);
      writeFileSync(path, text);
      return path;
    },
    remove: () => {
      for (const path of [...stackFiles, dir]) rmSync(path, { recursive: true, force: true });
    },
  };
}

/** A stack name that no other run has. */
export function randomStack(prefix: string): string {
  return `${prefix}-${randomBytes(3).toString("hex")}`;
}

export interface Ended {
  /** Exit code; undefined if a signal ended it. */
  readonly code: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  /** Resolves when standard error has a match; rejects with all of it if the command ends before. */
  said(pattern: RegExp): Promise<void>;
  /** Signals the whole process group, as a terminal does. */
  signalGroup(signal: NodeJS.Signals): void;
}

/** Starts a `fleet` command in a process group of its own; without a terminal. */
export function startFleet(args: readonly string[], env: NodeJS.ProcessEnv): Running {
  // As the launcher `./fleet` starts it.
  const toolchain = join(rootDir, "toolchain");
  const fast = ["--require", join(toolchain, "fast-start.cjs"), join(toolchain, "bundled.cjs")];
  const command = [...fast, "infra/cli/main.ts", ...args];
  const child = spawn(process.execPath, command, {
    cwd: rootDir,
    env,
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let stdout = "";
  let stderr = "";
  const watchers = new Set<() => void>();
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
    for (const watcher of watchers) watcher();
  });
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve({ code: code ?? undefined, stdout, stderr }));
  });
  return {
    child,
    ended,
    said: (pattern) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          if (!pattern.test(stderr)) return;
          watchers.delete(look);
          resolve();
        };
        watchers.add(look);
        look();
        void ended.then((end) =>
          reject(new Error(`ended with ${end.code} before ${String(pattern)}:\n${end.stderr}`)),
        );
      }),
    signalGroup: (signal) => process.kill(-child.pid!, signal),
  };
}

export function runFleet(args: readonly string[], env: NodeJS.ProcessEnv): Promise<Ended> {
  return startFleet(args, env).ended;
}

/** The passphrase that a run made for itself in the sandbox. */
export function madePassphrase(sandbox: Sandbox): string {
  return readFileSync(
    join(sandbox.dir, "home", ".config", "mcp-fleet", "passphrase"),
    "utf8",
  ).trim();
}
