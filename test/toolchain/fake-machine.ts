import { existsSync } from "node:fs";
import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { createServer, type RequestListener } from "node:http";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { onTestFinished } from "vitest";
import type { Machine } from "../../toolchain/machine.ts";

/** A machine whose every directory is a temporary one, with the lines it logged. */
export interface FakeMachine extends Machine {
  readonly dir: string;
  readonly lines: string[];
  /** Directory that comes first on PATH; the system's own follow for `cat`, `mkdir` and the like. */
  readonly bin: string;
}

/** System tools that fakes, locks and the launcher are written with; linked one by one, so that no real tool is found. */
const SYSTEM =
  "bash cat chmod cp dirname flock grep mkdir readlink rm sed sleep tail tar touch".split(" ");

export async function fakeMachine(overrides: Partial<Machine> = {}): Promise<FakeMachine> {
  const dir = await mkdtemp(join(tmpdir(), "fleet-"));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  const bin = join(dir, "bin");
  const lines: string[] = [];
  const machine: FakeMachine = {
    dir,
    bin,
    lines,
    root: join(dir, "repo"),
    cache: join(dir, "repo/.toolchain"),
    env: { PATH: bin, HOME: join(dir, "home") },
    home: join(dir, "home"),
    accountHome: join(dir, "account"),
    isRoot: false,
    fsRoot: join(dir, "fs"),
    log: (line) => lines.push(line),
    probe: () => Promise.resolve(false),
    ...overrides,
  };
  for (const path of [bin, machine.cache, machine.home, machine.fsRoot]) {
    await mkdir(path, { recursive: true });
  }
  for (const name of SYSTEM) {
    const home = ["/usr/bin", "/bin"].find((path) => existsSync(join(path, name)));
    if (home !== undefined) await symlink(join(home, name), join(bin, name));
  }
  const versions = { docker: "5.2.0", kubernetes: "4.34.2", random: "4.21.2" };
  for (const [name, version] of Object.entries(versions)) {
    const manifest = join(machine.root, "node_modules/@pulumi", name, "package.json");
    await put(manifest, JSON.stringify({ version }));
  }
  return machine;
}

export async function put(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text);
}

/** Writes an executable shell script. */
export async function script(path: string, body: string): Promise<string> {
  await put(path, `#!/bin/bash\n${body}\n`);
  await chmod(path, 0o755);
  return path;
}

/** A Docker engine that answers as `handle` says, on the machine's default socket; stops with the test. */
export async function fakeEngine(machine: Machine, handle: RequestListener): Promise<void> {
  const socket = join(machine.fsRoot, "var/run/docker.sock");
  await mkdir(dirname(socket), { recursive: true });
  const server = createServer(handle);
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    return new Promise<void>((resolve) => server.close(() => resolve()));
  });
}

/** Answers of a healthy engine; `images` maps a reference to its labels. */
export function healthyEngine(
  images: Map<string, Readonly<Record<string, string>>>,
  more: RequestListener = (_, response) => response.writeHead(404).end("{}"),
): RequestListener {
  return (request, response) => {
    const url = decodeURIComponent(request.url ?? "");
    const json = (value: unknown): void => {
      response.end(JSON.stringify(value));
    };
    const image = /^\/images\/(.+)\/json$/.exec(url)?.[1];
    if (url === "/version") json({ Version: "27.1", ApiVersion: "1.46" });
    else if (url === "/info") json({ DockerRootDir: "/", IndexServerAddress: "https://index/v1/" });
    else if (image !== undefined && images.has(image)) {
      json({ Id: "sha256:0123456789abcdef", Config: { Labels: images.get(image) } });
    } else more(request, response);
  };
}
