import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Docker from "dockerode";
import { parse, stringify } from "yaml";
import { loadStackFleet } from "../../../infra/cli/commands/config.ts";
import { freePortSettings, type PortSettings } from "../../../bench/free-port-settings.ts";
import type { FleetSpec } from "../../../infra/config/index.ts";
import { findUnknown, removeOrphans } from "../../../infra/platforms/docker/orphans.ts";
import { prepare } from "../../../toolchain/index.ts";
import type { ClientEntry } from "./mcp-conversation.ts";

/** Root of the project. */
export const rootDir = new URL("../../..", import.meta.url).pathname.replace(/\/$/, "");

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  /** Progress and announcements. */
  readonly stderr: string;
  readonly seconds: number;
}

/** What `./fleet up --json` prints; `status` and `outputs` share most of it. */
export interface UpAnswer {
  readonly release: string;
  readonly transaction: string;
  readonly gatewayUrl: string;
  readonly servers: Readonly<Record<string, string>>;
  readonly clientConfig: { readonly mcpServers: Readonly<Record<string, ClientEntry>> };
  readonly prometheusUrl: string;
  readonly alertmanagerUrl: string;
  readonly grafanaUrl: string | null;
  readonly components: readonly { readonly healthy: boolean }[];
}

/** A resource as `pulumi stack export` shows it. */
export interface StateResource {
  readonly urn: string;
  readonly type: string;
  readonly id?: string;
  readonly inputs?: Readonly<Record<string, unknown>>;
  readonly outputs?: Readonly<Record<string, unknown>>;
}

/** Variables that would make the fleet under test another one than its files say, or that belong to the test runner. */
const strangers =
  /^(PULUMI_(BACKEND|CONFIG|STACK|ACCESS)|MCP_|FLEET_CWD|POSTGRES_|PGBOUNCER_|LOG_|NODE_ENV|VITEST|TEST$)/;

/**
 * A stack of its own, driven by `./fleet` as a user would: own state, passphrase and ports, so that it runs beside a
 * user's own fleet on the same engine.
 */
export class E2eFleet {
  readonly stack = `e2e-${randomBytes(3).toString("hex")}`;
  /** Holds state, passphrase and everything else that the run writes; removed with the fleet. */
  readonly home = mkdtempSync(join(tmpdir(), "mcp-fleet-e2e-"));
  /** Directory of the state backend. */
  readonly stateDir = join(this.home, "state");
  /** Everything that the commands printed, but for those that were asked to show secrets. */
  readonly transcript: string[] = [];
  readonly #env: NodeJS.ProcessEnv;
  readonly #pulumi: string;
  readonly #settings: Readonly<Record<string, unknown>>;
  readonly #platform: Readonly<Record<string, unknown>>;

  private constructor(
    env: NodeJS.ProcessEnv,
    pulumi: string,
    ports: PortSettings,
    platform: Readonly<Record<string, unknown>>,
  ) {
    mkdirSync(this.stateDir);
    this.#pulumi = pulumi;
    this.#env = {
      ...Object.fromEntries(Object.entries(env).filter(([key]) => !strangers.test(key))),
      XDG_CONFIG_HOME: join(this.home, "config"),
      PULUMI_BACKEND_URL: `file://${this.stateDir}`,
    };
    this.#settings = {
      ...ports,
      // Tests wait for scrapes; a user's 15 s would only make them slower.
      "monitoring.prometheus.scrapeIntervalSeconds": 5,
      "monitoring.prometheus.scrapeTimeoutSeconds": 4,
      "monitoring.prometheus.evaluationIntervalSeconds": 5,
    };
    this.#platform = platform;
    this.useFleetFile("fleets/writing.yaml");
  }

  /** @param platform settings of the stack that put it elsewhere than on this machine's Docker. */
  static async create(
    log: (line: string) => void,
    platform: Readonly<Record<string, unknown>> = {},
  ): Promise<E2eFleet> {
    const { env, pulumi } = await prepare({ log, needs: new Set(["pulumi"]) });
    return new E2eFleet({ ...process.env, ...env }, pulumi, await freePortSettings(), platform);
  }

  get #stackFile(): string {
    return join(rootDir, `Pulumi.${this.stack}.yaml`);
  }

  /** Points the stack at another fleet file; a path relative to the project, or absolute. */
  useFleetFile(path: string): void {
    writeFileSync(
      this.#stackFile,
      stringify({
        config: { "mcp-fleet:fleet": path, "mcp-fleet:set": this.#settings, ...this.#platform },
      }),
    );
  }

  /** Changes settings of a stack that may be deployed already: what Pulumi keeps in its file stays. */
  configure(settings: Readonly<Record<string, unknown>>): void {
    const file = parse(readFileSync(this.#stackFile, "utf8")) as { readonly config: object };
    const config = { ...file.config, ...settings };
    writeFileSync(this.#stackFile, stringify({ ...file, config }));
  }

  /** What the stack declares, with all defaults. */
  spec(): FleetSpec {
    return loadStackFleet({ rootDir, stack: this.stack, sets: [], env: {} }).fleet;
  }

  /** Runs `./fleet <command>` on this stack; any exit code is an answer. */
  async run(command: string, ...args: string[]): Promise<Ran> {
    const ran = await this.#spawn(join(rootDir, "fleet"), [
      command,
      "--stack",
      this.stack,
      ...args,
    ]);
    if (!args.includes("--show-secrets")) this.transcript.push(ran.stdout, ran.stderr);
    return ran;
  }

  /** The same for a command that has to succeed. */
  async must(command: string, ...args: string[]): Promise<Ran> {
    const ran = await this.run(command, ...args);
    if (ran.code !== 0) {
      throw new Error(`./fleet ${command} ended with ${ran.code}:\n${ran.stderr}\n${ran.stdout}`);
    }
    return ran;
  }

  /** Stores a secret setting of the stack in its file, as the README says. */
  async setSecret(key: string, value: string): Promise<void> {
    await this.pulumi("config", "set", "--secret", "--stack", this.stack, key, value);
  }

  /** Runs a plain `pulumi`, which has to succeed. */
  async pulumi(...args: readonly string[]): Promise<Ran> {
    const ran = await this.#spawn(this.#pulumi, args);
    if (ran.code !== 0) throw new Error(`pulumi ${args.slice(0, 2).join(" ")}: ${ran.stderr}`);
    return ran;
  }

  /** Resources of the state; values of secrets only if asked for. */
  async state(options: { readonly showSecrets: boolean }): Promise<StateResource[]> {
    const args = ["stack", "export", "--stack", this.stack, "--non-interactive"];
    const { stdout } = await this.pulumi(
      ...args,
      ...(options.showSecrets ? ["--show-secrets"] : []),
    );
    const { deployment } = JSON.parse(stdout) as {
      deployment: { resources?: StateResource[] };
    };
    return deployment.resources ?? [];
  }

  /** Every generated password and token: resource name -> value. */
  async secrets(): Promise<Map<string, string>> {
    const resources = await this.state({ showSecrets: true });
    return new Map(
      resources
        .filter(({ type }) => type === "random:index/randomPassword:RandomPassword")
        .map(({ urn, outputs }) => [nameOf(urn), plaintext(outputs?.["result"])]),
    );
  }

  /** Removes whatever is left, also after a test that failed half-way. */
  async dispose(): Promise<void> {
    try {
      const left = await this.run("destroy", "--delete-data", "--yes");
      if (left.code === 0 || /does not exist/.test(left.stderr)) return;
      // A cluster of a test goes with all that is in it.
      if ("mcp-fleet:platform" in this.#platform) return;
      const { orphans, foreign } = await findUnknown(this.stack, [], undefined);
      await removeOrphans([...orphans, ...foreign]);
      const docker = new Docker();
      const filters = { label: [`mcp-fleet/stack=${this.stack}`] };
      for (const { Name } of (await docker.listVolumes({ filters })).Volumes) {
        await docker.getVolume(Name).remove();
      }
    } finally {
      rmSync(this.#stackFile, { force: true });
      rmSync(this.home, { recursive: true, force: true });
    }
  }

  #spawn(program: string, args: readonly string[]): Promise<Ran> {
    const started = Date.now();
    const passphrase = join(this.home, "config", "mcp-fleet", "passphrase");
    return new Promise((resolve, reject) => {
      const child = spawn(program, args, {
        cwd: rootDir,
        // The fleet finds its passphrase by itself; a plain pulumi has to be told.
        env:
          program === this.#pulumi
            ? { ...this.#env, PULUMI_CONFIG_PASSPHRASE_FILE: passphrase }
            : this.#env,
        stdio: ["ignore", "pipe", "pipe"],
      });
      const chunks: Record<"stdout" | "stderr", Buffer[]> = { stdout: [], stderr: [] };
      child.stdout.on("data", (chunk: Buffer) => chunks.stdout.push(chunk));
      child.stderr.on("data", (chunk: Buffer) => chunks.stderr.push(chunk));
      child.on("error", reject);
      child.on("close", (code) =>
        resolve({
          code: code ?? -1,
          stdout: Buffer.concat(chunks.stdout).toString("utf8"),
          stderr: Buffer.concat(chunks.stderr).toString("utf8"),
          seconds: (Date.now() - started) / 1000,
        }),
      );
    });
  }
}

/** Logical name of a resource. */
export function nameOf(urn: string): string {
  return urn.slice(urn.lastIndexOf("::") + 2);
}

/** Text of a file of the project. */
export function projectFile(path: string): string {
  return readFileSync(join(rootDir, path), "utf8");
}

/** An exported secret is an object whose `plaintext` is JSON. */
function plaintext(value: unknown): string {
  if (typeof value === "string") return value;
  return JSON.parse((value as { plaintext: string }).plaintext) as string;
}
