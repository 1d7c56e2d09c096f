import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import http from "node:http";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { GatewayRoute } from "../../components/gateway/gateway-routes.ts";
import { gatewaySchema, type GatewaySpec } from "../../components/gateway/gateway.schema.ts";
import { renderHaproxy } from "../../components/gateway/haproxy.render.ts";
import { BASE_IMAGE, BUILT_BASE_IMAGE } from "../../toolchain/versions.ts";

const run = promisify(execFile);

export interface Ran {
  readonly code: number;
  readonly output: string;
}

/** Runs the docker client; a failure is an answer, not an error. */
export async function docker(...args: string[]): Promise<Ran> {
  return run("docker", args, { maxBuffer: 64 * 1024 * 1024 }).then(
    ({ stdout, stderr }) => ({ code: 0, output: stdout + stderr }),
    (error: { code?: number; stdout?: string; stderr?: string }) => ({
      code: error.code ?? 1,
      output: (error.stdout ?? "") + (error.stderr ?? ""),
    }),
  );
}

async function must(...args: string[]): Promise<string> {
  const { code, output } = await docker(...args);
  if (code !== 0) throw new Error(`docker ${args.join(" ")}: ${output}`);
  return output.trim();
}

/** The image under test, built from its Dockerfile; the engine's cache makes a second build short. */
export async function gatewayImage(): Promise<string> {
  const candidates = [process.env["FLEET_BASE_IMAGE"], BUILT_BASE_IMAGE, BASE_IMAGE];
  for (const base of candidates) {
    if (!base || (await docker("image", "inspect", base)).code !== 0) continue;
    const tag = "mcp-fleet-test/haproxy:latest";
    const context = new URL("../../images/haproxy", import.meta.url).pathname;
    await must(
      "build",
      "-q",
      "--network",
      "host",
      "--build-arg",
      `BASE=${base}`,
      "-t",
      tag,
      context,
    );
    return tag;
  }
  throw new Error(`no base image on the engine: ${candidates.filter(Boolean).join(", ")}`);
}

export async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from(
      { length: count },
      () =>
        new Promise<ReturnType<typeof createServer>>((resolve) => {
          const server = createServer().listen(0, "127.0.0.1", () => resolve(server));
        }),
    ),
  );
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

/** Tokens of the tests' two clients. */
export const tokens = {
  primary: "primary-token-of-the-default-client-0123456789",
  backup: "backup-token-of-the-default-client-0123456789",
  other: "only-token-of-the-other-client-0123456789",
} as const;

/** What every hardened workload gets from the platform. */
export const hardened = [
  "--read-only",
  "--cap-drop=ALL",
  "--security-opt=no-new-privileges",
  "--tmpfs=/run/haproxy:size=1m,mode=1777",
  "--tmpfs=/tmp:size=8m,mode=1777",
  "--memory=256m",
  "--label=mcp-fleet-test=gateway",
];

/** Spec that need not respect the bounds of the schema: tests have no hour to wait. */
function spec(change: Partial<GatewaySpec> = {}): GatewaySpec {
  return {
    ...gatewaySchema.parse({ rateLimit: { requests: 1_000_000, perSeconds: 10 } }),
    ...change,
  };
}

/**
 * The real container on the host's network, all of it on loopback. Its files change as live files do: a complete new
 * directory is judged, becomes current in one step and is reloaded.
 */
export class RunningGateway {
  readonly directory = mkdtempSync(join(tmpdir(), "gateway-"));
  readonly name = `mcp-fleet-test-gateway-${process.pid}-${Math.random().toString(36).slice(2, 8)}`;
  readonly port: number;
  readonly metricsPort: number;
  private version = 0;

  constructor(ports: readonly [number, number]) {
    [this.port, this.metricsPort] = ports;
    chmodSync(this.directory, 0o755);
  }

  static async start(
    image: string,
    routes: readonly GatewayRoute[],
    change: Partial<GatewaySpec> = {},
  ) {
    const [port = 0, metricsPort = 0] = await freePorts(2);
    const gateway = new RunningGateway([port, metricsPort]);
    gateway.makeCurrent(gateway.write(gateway.render(routes, change)));
    await must(
      "run",
      "-d",
      "--name",
      gateway.name,
      "--network=host",
      ...hardened,
      `-v=${gateway.directory}:/etc/haproxy:ro`,
      image,
    );
    await until(async () => (await gateway.ctl("health")).code === 0, "the gateway answers");
    return gateway;
  }

  /** As rendered, but bound to free ports of loopback. */
  render(
    routes: readonly GatewayRoute[],
    change: Partial<GatewaySpec> = {},
  ): Record<string, string> {
    const files = renderHaproxy({
      spec: spec(change),
      routes,
      tokens: [
        { client: "default", sha256: sha256(tokens.primary) },
        { client: "default", sha256: sha256(tokens.backup) },
        { client: "other", sha256: sha256(tokens.other) },
      ],
    });
    const config = files["haproxy.cfg"]
      .replace("bind :8080", `bind 127.0.0.1:${this.port}`)
      .replace("bind :8405", `bind 127.0.0.1:${this.metricsPort}`)
      .replaceAll(/bind :(\d+)/g, "bind 127.0.0.1:$1");
    return { ...files, "haproxy.cfg": config };
  }

  write(files: Readonly<Record<string, string>>): string {
    const version = `v${++this.version}`;
    mkdirSync(join(this.directory, version));
    for (const [name, content] of Object.entries(files)) {
      writeFileSync(join(this.directory, version, name), content);
    }
    return version;
  }

  makeCurrent(version: string): void {
    symlinkSync(version, join(this.directory, "next"));
    renameSync(join(this.directory, "next"), join(this.directory, "current"));
  }

  check(version: string): Promise<Ran> {
    return this.ctl("check", `/etc/haproxy/${version}`);
  }

  ctl(...args: string[]): Promise<Ran> {
    return docker("exec", this.name, "gateway-ctl", ...args);
  }

  /** Checks, switches, reloads, verifies; throws with the gateway's words. */
  async apply(routes: readonly GatewayRoute[], change: Partial<GatewaySpec> = {}): Promise<void> {
    const version = this.write(this.render(routes, change));
    const checked = await this.check(version);
    if (checked.code !== 0) throw new Error(`refused: ${checked.output}`);
    this.makeCurrent(version);
    await this.takeUp();
  }

  /** Reloads and verifies what is current, in one go. */
  async takeUp(): Promise<void> {
    const both = "gateway-ctl reload && gateway-ctl verify";
    const { code, output } = await docker("exec", this.name, "sh", "-c", both);
    if (code !== 0) throw new Error(output);
  }

  logs(): Promise<string> {
    return must("logs", this.name);
  }

  async stop(): Promise<void> {
    await docker("rm", "-f", this.name);
    rmSync(this.directory, { recursive: true, force: true });
  }
}

export interface Answer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly text: string;
  readonly ms: number;
}

export interface Request {
  readonly port: number;
  readonly method?: string;
  readonly path?: string;
  /** Default: the primary token; null: none. */
  readonly token?: string | null;
  readonly headers?: http.OutgoingHttpHeaders;
  /** Objects are sent as JSON with a length. */
  readonly body?: unknown;
  readonly agent?: http.Agent;
}

export function call(request: Request): Promise<Answer> {
  const { port, path = "/scene/mcp", token = tokens.primary, headers = {}, body } = request;
  const payload = body === undefined ? undefined : JSON.stringify(body);
  const started = performance.now();
  return new Promise((resolve, reject) => {
    const sent = http.request(
      {
        host: "127.0.0.1",
        port,
        path,
        method: request.method ?? (body === undefined ? "GET" : "POST"),
        headers: {
          ...(token !== null && { authorization: `Bearer ${token}` }),
          ...(payload !== undefined && {
            "content-type": "application/json",
            "content-length": Buffer.byteLength(payload),
          }),
          ...headers,
        },
        // A kept-alive connection gets its last answer from the process before the reload, with its counters.
        agent: request.agent ?? false,
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("error", reject);
        response.on("end", () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            text: Buffer.concat(chunks).toString(),
            ms: performance.now() - started,
          }),
        );
      },
    );
    sent.on("error", reject);
    sent.end(payload);
  });
}

export async function until(
  condition: () => Promise<boolean> | boolean,
  what: string,
): Promise<void> {
  const end = Date.now() + 20_000;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`waited 20 s in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
