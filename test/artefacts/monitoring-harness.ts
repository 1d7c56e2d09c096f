import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { users } from "../../components/platform/users.ts";
import { BASE_IMAGE, BUILT_BASE_IMAGE } from "../../toolchain/versions.ts";
import { docker, type Ran } from "./gateway-harness.ts";

export type Program = "prometheus" | "alertmanager";

/** Runs the docker client and gives its output; a failure is an error. */
export async function must(...args: string[]): Promise<string> {
  const { code, output } = await docker(...args);
  if (code !== 0) throw new Error(`docker ${args.join(" ")}: ${output}`);
  return output.trim();
}

/** The image under test, built from its Dockerfile; the engine's cache makes a second build short. */
export async function monitoringImage(program: Program): Promise<string> {
  const candidates = [process.env["FLEET_BASE_IMAGE"], BUILT_BASE_IMAGE, BASE_IMAGE];
  for (const base of candidates) {
    if (!base || (await docker("image", "inspect", base)).code !== 0) continue;
    const tag = `mcp-fleet-test/${program}:latest`;
    const context = new URL(`../../images/${program}`, import.meta.url).pathname;
    await must("build", "-q", "--network=host", `--build-arg=BASE=${base}`, "-t", tag, context);
    return tag;
  }
  throw new Error(`no base image on the engine: ${candidates.filter(Boolean).join(", ")}`);
}

/** A directory that can be mounted where live files are: complete versions, and `current`, which is one of them. */
export class Versions {
  readonly directory = mkdtempSync(join(tmpdir(), "monitoring-"));

  constructor() {
    // A temporary directory is private to its owner; the reader is another user.
    chmodSync(this.directory, 0o755);
  }

  write(version: string, files: Readonly<Record<string, string>>): void {
    mkdirSync(join(this.directory, version));
    for (const [name, content] of Object.entries(files)) {
      writeFileSync(join(this.directory, version, name), content);
    }
  }

  makeCurrent(version: string): void {
    if (!existsSync(join(this.directory, version))) throw new Error(`no version ${version}`);
    symlinkSync(version, join(this.directory, "next"));
    renameSync(join(this.directory, "next"), join(this.directory, "current"));
  }

  remove(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }
}

const ports = { prometheus: 9090, alertmanager: 9093 } as const;

/** A hardened container as the platform makes it, on a volume of its own. */
export class RunningProgram {
  readonly versions = new Versions();
  readonly name: string;
  readonly #program: Program;
  #url = "";

  constructor(program: Program) {
    this.#program = program;
    this.name = `mcp-fleet-test-${program}-${process.pid}-${Math.random().toString(36).slice(2, 8)}`;
  }

  async start(
    image: string,
    network: string,
    command: readonly string[],
    options: readonly string[] = [],
  ): Promise<void> {
    await must(
      "run",
      "-d",
      `--name=${this.name}`,
      `--network=${network}`,
      `--publish=127.0.0.1::${ports[this.#program]}`,
      "--read-only",
      "--cap-drop=ALL",
      "--security-opt=no-new-privileges",
      "--tmpfs=/tmp:size=16m,mode=1777",
      `--user=${users[this.#program]}`,
      "--memory=256m",
      "--label=mcp-fleet-test=monitoring",
      // The image's own check, only sooner.
      "--health-interval=1s",
      `-v=${this.name}:/${this.#program}`,
      `-v=${this.versions.directory}:/etc/${this.#program}:ro`,
      ...options,
      image,
      ...command,
    );
    await this.untilHealthy();
  }

  /** By the image's own health check. */
  async untilHealthy(): Promise<void> {
    await until(
      () => must("inspect", "--format={{.State.Health.Status}}", this.name),
      (status) => status === "healthy",
      `${this.name} is healthy`,
    );
    // A restart hands out another port.
    const port = await must("port", this.name, String(ports[this.#program]));
    this.#url = `http://${port.split("\n")[0]}`;
  }

  ctl(...args: string[]): Promise<Ran> {
    return docker("exec", this.name, `${this.#program}-ctl`, ...args);
  }

  async untilVerified(): Promise<void> {
    await until(
      () => this.ctl("verify"),
      ({ code }) => code === 0,
      `${this.name} runs its current files`,
    );
  }

  async getJson(path: string): Promise<unknown> {
    const answer = await fetch(`${this.#url}${path}`);
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    return answer.json();
  }

  post(path: string, body?: unknown): Promise<Response> {
    return fetch(`${this.#url}${path}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body ?? {}),
    });
  }

  async stop(): Promise<void> {
    await docker("rm", "-f", this.name);
    await docker("volume", "rm", "-f", this.name);
    this.versions.remove();
  }
}

/** Asks again and again, for at most 60 s. */
export async function until<T>(
  ask: () => Promise<T>,
  enough: (answer: T) => boolean,
  what: string,
): Promise<T> {
  const deadline = Date.now() + 60_000;
  for (;;) {
    const answer = await ask();
    if (enough(answer)) return answer;
    if (Date.now() > deadline) {
      throw new Error(`waited 60 s until ${what}; last answer: ${JSON.stringify(answer)}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}
