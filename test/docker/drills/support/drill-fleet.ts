import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { setTimeout as delay } from "node:timers/promises";
import { expect } from "vitest";
import { freePorts } from "../../../../bench/free-ports.ts";
import { startLoad, type RunningLoad } from "../../../../bench/load/load.ts";
import type { LoadReport } from "../../../../bench/load/report.ts";
import type { HistoryEntry } from "../../../../infra/release/history.ts";
import { rootDir } from "../../../../infra/root-dir.ts";
import { prepare } from "../../../../toolchain/index.ts";
import {
  makeSandbox,
  randomStack,
  runFleet,
  startFleet,
  type Ended,
  type Running,
  type Sandbox,
} from "../../../cli/run-fleet.ts";
import { docker, exec, workloads } from "../../support/engine.ts";
import { objectsByName, openState, type Objects } from "./snapshot.ts";
import { DrillTable } from "./table.ts";

/** Two servers, small and impatient: a verdict about them is there soon, but not sooner than a busy machine allows. */
const fleetFile = (servers: readonly string[]): string =>
  JSON.stringify({
    name: "drills",
    servers: servers.map((name, index) => ({ name, port: 3001 + index })),
    serverDefaults: {
      poolSize: 4,
      drainSeconds: 5,
      health: { startPeriodSeconds: 15, intervalSeconds: 5, timeoutSeconds: 5 },
    },
    rollout: { bakeSeconds: 5, drainSeconds: 5 },
  });

/** Calls per second over all servers while drills run. */
const loadRate = 20;

/** What the stack is: objects of the engine and the deployment of its state, secrets open. */
export interface Standing {
  readonly objects: Objects;
  readonly state: unknown;
}

/** What a drill is expected to end as. */
export interface Expected {
  readonly exit: number;
  /** Each has a match in what the command said. */
  readonly says: readonly RegExp[];
  /**
   * Reasons for which calls may be lost: the new release's own faults, while it had the traffic.
   *
   * @default - none
   */
  readonly lostBy?: RegExp;
}

/** One small fleet that goes through the drills under load, in order. */
export class DrillFleet {
  readonly stack = randomStack("drill");
  readonly table = new DrillTable();
  #sandbox: Sandbox | undefined;
  #env: NodeJS.ProcessEnv = {};
  #load: RunningLoad | undefined;
  #loadReport: LoadReport | undefined;
  /** The configuration that a team would commit, and what was written to it. */
  stackFile = "";
  stackFileText = "";

  async create(): Promise<void> {
    this.#sandbox = makeSandbox();
    const { env } = await prepare({ log: () => undefined, needs: new Set(["pulumi", "images"]) });
    this.#env = { ...this.sandbox.env, ...(env["PATH"] && { PATH: env["PATH"] }) };
    const [gateway, prometheus, alertmanager] = await freePorts(3);
    const file = this.useServers("scene", "review");
    this.stackFileText = JSON.stringify({
      config: {
        "mcp-fleet:fleet": file,
        "mcp-fleet:set": {
          "gateway.port": gateway,
          "gateway.serverPorts": false,
          "monitoring.prometheus.port": prometheus,
          "monitoring.prometheus.scrapeIntervalSeconds": 5,
          "monitoring.prometheus.scrapeTimeoutSeconds": 4,
          "monitoring.prometheus.evaluationIntervalSeconds": 5,
          "monitoring.alertmanager.port": alertmanager,
          "monitoring.grafana.enabled": "no",
        },
      },
    });
    this.stackFile = this.sandbox.writeStackFile(this.stack, this.stackFileText);
  }

  /** Writes the fleet file with these servers; its path. */
  useServers(...names: readonly string[]): string {
    return this.sandbox.write("fleet.yaml", fleetFile(names));
  }

  get sandbox(): Sandbox {
    if (!this.#sandbox) throw new Error("the fleet could not be prepared");
    return this.#sandbox;
  }

  get passphraseFile(): string {
    return join(this.sandbox.dir, "home", ".config", "mcp-fleet", "passphrase");
  }

  /** What a plain `pulumi` needs here. */
  get #pulumiEnv(): NodeJS.ProcessEnv {
    return { ...this.#env, PULUMI_CONFIG_PASSPHRASE_FILE: this.passphraseFile };
  }

  /** Configuration with the salt of this machine's passphrase; `fleet` keeps it out of the work tree. */
  get #privateConfig(): string {
    const directory = join(this.sandbox.dir, "home", ".config", "mcp-fleet", "stacks");
    // One for each backend, and there is one backend here.
    const [file] = readdirSync(directory).filter((name) =>
      name.startsWith(`Pulumi.${this.stack}.`),
    );
    if (file === undefined) throw new Error(`${directory} has no configuration of ${this.stack}`);
    return join(directory, file);
  }

  get historyDir(): string {
    const backend = join(this.sandbox.dir, "state", ".pulumi");
    return join(backend, "mcp-fleet", "mcp-fleet", this.stack);
  }

  history(): HistoryEntry[] {
    return readFileSync(join(this.historyDir, "history.jsonl"), "utf8")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as HistoryEntry);
  }

  /** The release that the last deployment to succeed made live. */
  lastLive(): string {
    return this.history()
      .filter(({ outcome }) => outcome === "live")
      .at(-1)!.release!;
  }

  run(command: string, ...args: readonly string[]): Promise<Ended> {
    return runFleet([command, "--stack", this.stack, ...args], this.#env);
  }

  /** Starts an `up` with these settings, each `path=value`. */
  startUp(...sets: readonly string[]): Running {
    return this.startUpIn({}, ...sets);
  }

  /** The same with more in its environment. */
  startUpIn(env: NodeJS.ProcessEnv, ...sets: readonly string[]): Running {
    const args = sets.flatMap((set) => ["--set", set]);
    return startFleet(["up", "--stack", this.stack, ...args], { ...this.#env, ...env });
  }

  up(...sets: readonly string[]): Promise<Ended> {
    return this.startUp(...sets).ended;
  }

  /** `pulumi up` as an engineer types it, with no `fleet` around it. */
  async pulumiUp(...sets: readonly string[]): Promise<Ended> {
    const args = ["up", "--stack", this.stack, "--yes", "--skip-preview", "--non-interactive"];
    const child = spawn("pulumi", [...args, "--config-file", this.#privateConfig], {
      cwd: rootDir,
      env: { ...this.#pulumiEnv, MCP_FLEET_SET: JSON.stringify(sets) },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const [stdout, stderr, [code]] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      once(child, "close") as Promise<[number | null]>,
    ]);
    return { code: code ?? undefined, stdout, stderr };
  }

  async deploy(...sets: readonly string[]): Promise<Ended> {
    const ended = await this.up(...sets);
    expect(ended.code, ended.stderr).toBe(0);
    return ended;
  }

  async status(): Promise<{ readonly state: string; readonly release: string | null }> {
    const { stdout } = await this.run("status", "--json");
    return JSON.parse(stdout) as { state: string; release: string | null };
  }

  objects(): Promise<Objects> {
    return objectsByName(this.stack);
  }

  async standing(): Promise<Standing> {
    return { objects: await this.objects(), state: await openState(this.stack, this.#pulumiEnv) };
  }

  /** Id of a component's container. */
  async container(component: string): Promise<string> {
    const found = (await workloads(this.stack)).get(component);
    if (!found) throw new Error(`${component} has no container`);
    return found.Id;
  }

  /** Takes the containers of a server off the network on which the pooler is. */
  async cutOff(server: string, { except }: { readonly except: string }): Promise<void> {
    const label = [`mcp-fleet/stack=${this.stack}`, `mcp-fleet/component=${server}`];
    const running = await docker.listContainers({ filters: { label } });
    const { networks } = await this.objects();
    const data = networks.find((name) => name.startsWith(`mcp-fleet-${this.stack}-data-`));
    const found = running.filter(({ Id }) => Id !== except);
    expect(found).toHaveLength(1);
    await docker.getNetwork(data!).disconnect({ Container: found[0]!.Id, Force: true });
  }

  async sql(statement: string): Promise<void> {
    const command = ["psql", "-v", "ON_ERROR_STOP=1", "-U", "postgres", "-d", "mcp_series", "-c"];
    const { code, output } = await exec(await this.container("postgres"), [...command, statement]);
    expect(code, output).toBe(0);
  }

  /** Puts both kinds of clients on every server, until `endLoad`. */
  async beginLoad(): Promise<void> {
    const { stdout, stderr } = await this.run("outputs", "--json", "--show-secrets");
    expect(stderr).not.toContain("Error");
    const outputs = JSON.parse(stdout) as {
      readonly servers: Readonly<Record<string, string>>;
      readonly tokens: { readonly default: { readonly primary: string } };
    };
    this.#load = startLoad({
      targets: Object.entries(outputs.servers).map(([name, url]) => ({ name, url })),
      token: outputs.tokens.default.primary,
      rate: loadRate,
    });
  }

  /** Takes the clients away. */
  async endLoad(): Promise<void> {
    this.#loadReport ??= await this.#load?.stop();
    this.#load = undefined;
  }

  /** A drill: what it ends as, what its clients lost, how long its parts took. */
  async drill(
    title: string,
    { exit, says, lostBy }: Expected,
    work: () => Promise<Ended>,
  ): Promise<Ended> {
    const from = this.#load?.records().length ?? 0;
    const entries = this.#historyLength();
    const ended = await work();
    // Calls under way come to their end.
    if (this.#load) await delay(1500);
    const calls = this.#load?.records().slice(from) ?? [];
    const lost = calls.flatMap(({ outcome }) =>
      outcome.kind === "lost" ? [outcome.reason ?? "unknown"] : [],
    );
    const own = this.#historyLength() > entries ? this.history().slice(entries) : [];
    this.table.add({ title, exit: ended.code, entries: own, calls: calls.length, lost });
    expect(ended.code, ended.stderr).toBe(exit);
    expect(ended.stderr).not.toMatch(/^ {4}at /m);
    for (const pattern of says) expect(ended.stderr, ended.stderr).toMatch(pattern);
    expect(lost.filter((reason) => !lostBy?.test(reason))).toEqual([]);
    return ended;
  }

  /** A drill after which the stack has to stand exactly as before: objects, their starts, and its state. */
  async fails(title: string, expected: Expected, work: () => Promise<Ended>): Promise<Ended> {
    const before = await this.standing();
    const ended = await this.drill(title, expected, work);
    await this.expectStanding(before);
    return ended;
  }

  async expectStanding(before: Standing): Promise<void> {
    const after = await this.standing();
    expect(after.objects).toEqual(before.objects);
    expect(after.state).toEqual(before.state);
  }

  async dispose(): Promise<void> {
    await this.endLoad();
    this.table.print(this.#loadReport);
    if (!this.#sandbox) return;
    try {
      await this.run("destroy", "--delete-data", "--yes");
      const left = await this.objects();
      for (const name of Object.keys(left.containers))
        await docker.getContainer(name).remove({ force: true, v: true });
      for (const name of left.networks) await docker.getNetwork(name).remove();
      for (const name of left.volumes) await docker.getVolume(name).remove();
      expect(left).toEqual({ containers: {}, networks: [], volumes: [] });
    } finally {
      this.#sandbox.remove();
    }
  }

  #historyLength(): number {
    try {
      return this.history().length;
    } catch {
      return 0;
    }
  }
}
