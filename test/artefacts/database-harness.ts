import { execFile } from "node:child_process";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { setTimeout as delay } from "node:timers/promises";
import type {
  FilesArgs,
  ImageName,
  JobArgs,
  LiveFilesArgs,
  Mount,
  WorkloadArgs,
} from "../../components/platform/platform.ts";
import { prepareContexts } from "../../infra/image-contexts.ts";
import { BASE_IMAGE, BUILT_BASE_IMAGE } from "../../toolchain/versions.ts";
import { value } from "../components/database/recording-platform.ts";

const run = promisify(execFile);
const root = fileURLToPath(new URL("../..", import.meta.url));

export interface Ran {
  readonly code: number;
  readonly output: string;
}

/** Runs the docker client; a failure is an answer, not an error. */
export async function docker(...args: string[]): Promise<Ran> {
  return run("docker", args, { maxBuffer: 64 * 1024 * 1024 }).then(
    ({ stdout, stderr }) => ({ code: 0, output: (stdout + stderr).trim() }),
    (error: { code?: number; stdout?: string; stderr?: string }) => ({
      code: typeof error.code === "number" ? error.code : 127,
      output: ((error.stdout ?? "") + (error.stderr ?? "")).trim(),
    }),
  );
}

/** The same, but a failure is an error with the client's words. */
export async function must(...args: string[]): Promise<string> {
  const { code, output } = await docker(...args);
  if (code !== 0) throw new Error(`docker ${args.join(" ")} exited with ${code}: ${output}`);
  return output;
}

export async function until(what: string, seconds: number, test: () => Promise<boolean>) {
  const deadline = Date.now() + seconds * 1000;
  while (!(await test())) {
    if (Date.now() > deadline) throw new Error(`not within ${seconds} s: ${what}`);
    await delay(200);
  }
}

/** The images under test, built from their Dockerfiles; the engine's cache makes a second build short. */
export async function buildImages(names: readonly ImageName[]): Promise<void> {
  const engine = await docker("version", "--format={{.Server.Version}}");
  if (engine.code !== 0) {
    throw new Error(
      `these tests run the real images and need a Docker engine; start one: ${engine.output}`,
    );
  }
  const [base, contextOf] = await Promise.all([baseImage(), prepareContexts(root)]);
  for (const name of names) {
    const context = join(root, contextOf(name));
    await must("build", "-q", `--build-arg=BASE=${base}`, `-t=${imageTag(name)}`, context);
  }
}

async function baseImage(): Promise<string> {
  const candidates = [process.env["FLEET_BASE_IMAGE"], BUILT_BASE_IMAGE, BASE_IMAGE];
  for (const candidate of candidates) {
    if (candidate && (await docker("image", "inspect", candidate)).code === 0) return candidate;
  }
  throw new Error(
    `no base image on the engine (${candidates.filter(Boolean).join(", ")}); ./fleet doctor says how to get one`,
  );
}

/** What `buildImages` calls an image. */
export const imageTag = (name: string) => `mcp-fleet-test/${name}:latest`;

/** What the recorder of components calls an image that is built. */
const builtPrefix = "built/";

/**
 * Makes what components asked of the platform real, as the platform does it: same command, environment, user, mounts,
 * memory file systems, limits and hardening. Only the networks are one, which the test can reach.
 */
export class DatabaseLab {
  readonly prefix = `mcp-fleet-test-database-${process.pid}`;
  readonly directory = mkdtempSync(join(tmpdir(), "database-"));
  #version = 0;

  async open(): Promise<void> {
    chmodSync(this.directory, 0o755);
    await must("network", "create", this.prefix);
  }

  async close(): Promise<void> {
    const named = `name=^/?${this.prefix}`;
    for (const id of (await must("ps", "-aq", `--filter=${named}`)).split(/\s+/).filter(Boolean)) {
      await must("rm", "-fv", id);
    }
    const volumes = await must("volume", "ls", "-q", `--filter=name=${this.prefix}`);
    for (const volume of volumes.split(/\s+/).filter(Boolean)) await must("volume", "rm", volume);
    await docker("network", "rm", this.prefix);
    rmSync(this.directory, { recursive: true, force: true });
  }

  name(singleton: string): string {
    return `${this.prefix}-${singleton}`;
  }

  async files(name: string, args: FilesArgs): Promise<void> {
    this.#write(join(this.directory, name), await value(args.files));
  }

  /** A new version of live files, not yet current; returns its directory in the reader. */
  async stage(name: string, args: LiveFilesArgs, change: Record<string, string> = {}) {
    const version = `v-${++this.#version}`;
    const files = { ...(await value(args.files)), ...change };
    this.#write(join(this.directory, name, version), files);
    return { version, directory: `${args.mountPath}/${version}` };
  }

  makeCurrent(name: string, version: string): void {
    const next = join(this.directory, name, "next");
    symlinkSync(version, next);
    renameSync(next, join(this.directory, name, "current"));
  }

  #write(directory: string, files: Readonly<Record<string, string>>): void {
    mkdirSync(directory, { recursive: true });
    chmodSync(directory, 0o755);
    for (const [file, content] of Object.entries(files)) {
      writeFileSync(join(directory, file), content, { mode: 0o444 });
    }
  }

  /** Starts a workload under its fixed name, in the place of an earlier one. */
  async start(name: string, args: WorkloadArgs, more: Overrides = {}): Promise<string> {
    const container = this.name(more.as ?? name);
    await docker("rm", "-fv", container);
    await must("run", "-d", `--name=${container}`, ...(await this.#options(args, more)));
    return container;
  }

  /** Runs a job to its end. */
  async run(name: string, args: JobArgs): Promise<Ran> {
    const [command = "", ...rest] = args.command;
    const options = await this.#options({ ...args, command: rest }, { entrypoint: command });
    return docker("run", "--rm", `--name=${this.name(name)}`, ...options);
  }

  async #options(args: Runnable, more: Overrides): Promise<string[]> {
    const env = await value({ ...args.env, ...more.env });
    const image = await value(args.image.reference);
    const shm = args.shmMb === undefined ? [] : [`--shm-size=${args.shmMb}m`];
    const mounts = await Promise.all((args.mounts ?? []).map((mount) => this.#mount(mount, more)));
    return [
      `--network=${this.prefix}`,
      "--read-only",
      "--cap-drop=ALL",
      "--security-opt=no-new-privileges",
      `--user=${args.user}`,
      `--memory=${args.memoryMb}m`,
      `--memory-swap=${args.memoryMb}m`,
      ...shm,
      ...mounts,
      ...Object.entries(args.tmpfs ?? {}).map(
        ([path, size]) => `--tmpfs=${path}:size=${size}m,mode=1777`,
      ),
      ...Object.entries(env).map(([key, text]) => `--env=${key}=${text}`),
      ...(args.stop ? [`--stop-signal=${args.stop.signal}`] : []),
      ...(more.entrypoint ? [`--entrypoint=${more.entrypoint}`] : []),
      ...(more.publish ?? []).map((port) => `--publish=127.0.0.1::${port}`),
      imageTag(image.slice(builtPrefix.length)),
      ...(await value([...(args.command ?? [])])),
    ];
  }

  async #mount({ source, path }: Mount, more: Overrides): Promise<string> {
    const name = await value(source.name);
    return source.kind === "data"
      ? `--volume=${this.name(more.volume ?? name)}:${path}`
      : `--volume=${join(this.directory, name)}:${path}:ro`;
  }

  /** Loopback port that leads to a port of a container. */
  async port(container: string, port: number): Promise<number> {
    const line = (await must("port", container, `${port}/tcp`)).split("\n")[0]!;
    return Number(line.slice(line.lastIndexOf(":") + 1));
  }
}

type Runnable = Omit<JobArgs, "timeoutSeconds" | "command"> &
  Pick<WorkloadArgs, "command" | "shmMb"> &
  Partial<Pick<WorkloadArgs, "stop">>;

interface Overrides {
  /** Name of the container, if not that of the workload. */
  readonly as?: string;
  /** Data volume, if not the one that was asked for. */
  readonly volume?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly publish?: readonly number[];
  readonly entrypoint?: string;
}
