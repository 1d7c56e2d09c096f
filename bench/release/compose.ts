import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ContainerInspectInfo } from "dockerode";
import { freePorts } from "../free-ports.ts";
import { startLoad, type RunningLoad } from "../load/load.ts";
import { docker } from "./containers.ts";

export interface ComposeRound {
  readonly exit: number;
  readonly seconds: number;
  /** Servers that run the release that was refused. */
  readonly onBadRelease: number;
  readonly sent: number;
  readonly lost: number;
}

const project = "mcp-fleet-bench-compose";

/** In bash, as the image has nothing smaller; `$$` is a dollar sign to Compose. */
const askReady = [
  'exec 3<>"/dev/tcp/127.0.0.1/$$PORT"',
  "printf 'GET /ready HTTP/1.0\\r\\nHost: localhost\\r\\n\\r\\n' >&3",
  "read -r -t 3 status <&3",
  "[[ $$status == *' 200 '* ]]",
].join(" && ");

/**
 * The same servers as Compose runs them: same image, settings, secrets, database and networks as those of the stack, a
 * port each on loopback, `docker compose up --wait` as the deployment, and one bad server of the next release.
 */
export class ComposePeer {
  readonly #command: readonly string[];
  readonly #directory = mkdtempSync(join(tmpdir(), "mcp-fleet-bench-"));
  readonly #servers: readonly ContainerInspectInfo[];
  #ports: readonly number[] = [];

  constructor(command: readonly string[], servers: readonly ContainerInspectInfo[]) {
    this.#command = command;
    this.#servers = servers;
  }

  async start(): Promise<void> {
    this.#ports = await freePorts(this.#servers.length);
    this.#write("good", "");
    const exit = await this.#up();
    if (exit !== 0) throw new Error(`docker compose up --wait ended with ${exit}`);
  }

  /** One deployment of a release in which the first server never gets ready, under load; then back to a good one. */
  async round(number: number, rate: number): Promise<ComposeRound> {
    const load = this.#load(rate);
    await pause(2000);
    this.#write(`bad-${number}`, "unready");
    const began = performance.now();
    const exit = await this.#up();
    const seconds = (performance.now() - began) / 1000;
    await pause(2000);
    const { sent, lost } = await load.stop();
    const onBadRelease = await this.#running(`bad-${number}`);
    this.#write(`good-${number}`, "");
    const repaired = await this.#up();
    if (repaired !== 0) throw new Error(`docker compose up --wait ended with ${repaired}`);
    return { exit, seconds, onBadRelease, sent, lost };
  }

  async stop(): Promise<void> {
    await this.#compose("down", "--timeout", "2");
    rmSync(this.#directory, { recursive: true, force: true });
  }

  /** To the servers that stay good: the bad one has reason to fail. */
  #load(rate: number): RunningLoad {
    return startLoad({
      targets: this.#servers.slice(1).map((info, index) => ({
        name: serverName(info),
        url: `http://127.0.0.1:${this.#ports[index + 1]}/mcp`,
      })),
      token: "",
      rate,
    });
  }

  #write(release: string, faultOfFirst: string): void {
    const services = Object.fromEntries(
      this.#servers.map((info, index) => {
        const { Config, HostConfig, NetworkSettings } = info;
        const port = Config.Env.find((entry) => entry.startsWith("PORT="))!.slice("PORT=".length);
        const fault = index === 0 && faultOfFirst !== "" ? [`FAULT=${faultOfFirst}`] : [];
        return [
          serverName(info),
          {
            image: Config.Image,
            command: Config.Cmd,
            entrypoint: Config.Entrypoint,
            environment: [...Config.Env, `BENCH_RELEASE=${release}`, ...fault],
            volumes: HostConfig.Binds ?? [],
            networks: [...Object.keys(NetworkSettings.Networks), "outside"],
            ports: [`127.0.0.1:${this.#ports[index]}:${port}`],
            labels: { "bench.release": release },
            // The image's own asks whether the process lives; who waits for a deployment asks whether it is ready.
            healthcheck: {
              test: ["CMD", "bash", "-c", askReady],
              interval: "5s",
              timeout: "5s",
              retries: 3,
              start_period: "15s",
            },
          },
        ];
      }),
    );
    const named = (names: readonly string[]) =>
      Object.fromEntries(names.map((name) => [name, { external: true }]));
    const networks = new Set(
      this.#servers.flatMap(({ NetworkSettings }) => Object.keys(NetworkSettings.Networks)),
    );
    const volumes = new Set(
      this.#servers.flatMap(({ HostConfig }) =>
        (HostConfig.Binds ?? []).map((bind) => bind.split(":")[0]!),
      ),
    );
    const file = {
      name: project,
      services,
      networks: { ...named([...networks]), outside: {} },
      volumes: named([...volumes]),
    };
    writeFileSync(join(this.#directory, "compose.yaml"), JSON.stringify(file));
  }

  #up(): Promise<number> {
    return this.#compose("up", "--detach", "--wait");
  }

  #compose(...args: readonly string[]): Promise<number> {
    const [program, ...before] = this.#command;
    const file = ["--file", join(this.#directory, "compose.yaml")];
    return new Promise((resolve, reject) => {
      execFile(
        program!,
        [...before, ...file, ...args],
        { timeout: 300_000 },
        (error, _out, said) => {
          const code = error ? error.code : 0;
          if (typeof code === "number") resolve(code);
          else reject(new Error(`${program} ${args.join(" ")}: ${error?.message}\n${said}`));
        },
      );
    });
  }

  async #running(release: string): Promise<number> {
    const filters = { label: [`bench.release=${release}`] };
    return (await docker.listContainers({ filters })).length;
  }
}

/** The command that speaks Compose here: the plugin, or a program of its own; undefined if there is none. */
export async function composeCommand(): Promise<readonly string[] | undefined> {
  for (const command of [["docker", "compose"], ["docker-compose"]]) {
    const [program, ...args] = command;
    const found = await new Promise<boolean>((resolve) => {
      execFile(program!, [...args, "version"], (error) => resolve(!error));
    });
    if (found) return command;
  }
  return undefined;
}

function serverName({ Config }: ContainerInspectInfo): string {
  return Config.Labels["mcp-fleet/component"]!;
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
