import { createHash } from "node:crypto";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { backendName, type GatewayBackend } from "../../components/gateway/gateway-routes.ts";
import { gatewaySchema } from "../../components/gateway/gateway.schema.ts";
import { renderHaproxy } from "../../components/gateway/haproxy.render.ts";
import { liveFilesProvider } from "../../components/platform/docker/live-files.ts";
import { returnToPrevious } from "../../components/platform/docker/live-files-return.ts";
import type { Returned } from "../../components/platform/live-files-return.ts";
import { docker, must, until } from "./database-harness.ts";
import { hardened, tokens } from "./gateway-harness.ts";

const serverPort = 3001;
const mountPath = "/etc/haproxy";
const owner = "10072:10072";
const ctl = {
  check: ["gateway-ctl", "check", "{dir}"],
  reload: ["gateway-ctl", "reload"],
  verify: ["gateway-ctl", "verify"],
};

/** Which release of each server is live, and which one drains: `{ scene: ["2", "1"] }`. */
export type Releases = Readonly<Record<string, readonly [live: string, ...draining: string[]]>>;

/**
 * A gateway with its live files in a volume, servers on a network of their own and a database behind them: all of it
 * real containers, put together as the platform does it, but without an engine.
 */
export class SwitchLab {
  readonly prefix = `mcp-fleet-test-switch-${process.pid}`;
  readonly gateway = `${this.prefix}-gateway`;
  readonly #directory = mkdtempSync(join(tmpdir(), "switch-"));
  port = 0;
  metricsPort = 0;
  #inputs: Parameters<typeof liveFilesProvider.create>[0] | undefined;

  async open(releases: Releases): Promise<void> {
    chmodSync(this.#directory, 0o755);
    writeFileSync(join(this.#directory, "password"), "unused: the database trusts its network\n");
    await must("network", "create", this.prefix);
    await must("volume", "create", this.prefix);
    await this.#startDatabase();
    await Promise.all(
      Object.entries(releases).map(([server, [release]]) => this.startServer(server, release)),
    );
    const image = "mcp-fleet-test/haproxy:latest";
    const volume = `--volume=${this.prefix}:`;
    await must(
      "create",
      `--name=${this.prefix}-writer`,
      "--network=none",
      `${volume}/files`,
      image,
      "true",
    );
    await this.apply(releases);
    await must(
      "run",
      "-d",
      `--name=${this.gateway}`,
      `--network=${this.prefix}`,
      ...hardened,
      `${volume}${mountPath}:ro`,
      "--publish=127.0.0.1::8080",
      "--publish=127.0.0.1::8405",
      image,
    );
    this.port = await this.#published(8080);
    this.metricsPort = await this.#published(8405);
    await until(
      "the gateway answers",
      20,
      async () => (await docker("exec", this.gateway, "gateway-ctl", "health")).code === 0,
    );
  }

  async close(): Promise<void> {
    const mine = await must("ps", "-aq", `--filter=name=^/?${this.prefix}-`);
    await Promise.all(
      mine
        .split(/\s+/)
        .filter(Boolean)
        .map((id) => docker("rm", "-fv", id)),
    );
    await docker("volume", "rm", this.prefix);
    await docker("network", "rm", this.prefix);
    rmSync(this.#directory, { recursive: true, force: true });
  }

  url(server: string): string {
    return `http://127.0.0.1:${this.port}/${server}/mcp`;
  }

  address(server: string, release: string): string {
    return `${this.prefix}-${server}-${release}`;
  }

  backend(server: string, release: string): string {
    return backendName(this.address(server, release));
  }

  /** Starts one release of a server beside the others and waits until it is ready for calls. */
  async startServer(
    server: string,
    release: string,
    env: Readonly<Record<string, string>> = {},
  ): Promise<void> {
    const name = this.address(server, release);
    const all = {
      SERVER_NAME: server,
      PORT: String(serverPort),
      RELEASE: release,
      LOG_LEVEL: "warn",
      DATABASE_HOST: `${this.prefix}-postgres`,
      DATABASE_PORT: "5432",
      DATABASE_NAME: "postgres",
      DATABASE_USER: "postgres",
      DATABASE_PASSWORD_FILE: "/run/secrets/fleet/password",
      ...env,
    };
    await must(
      "run",
      "-d",
      `--name=${name}`,
      `--network=${this.prefix}`,
      "--read-only",
      "--cap-drop=ALL",
      "--security-opt=no-new-privileges",
      "--memory=160m",
      "--stop-timeout=35",
      `--volume=${this.#directory}:/run/secrets/fleet:ro`,
      ...Object.entries(all).map(([key, value]) => `--env=${key}=${value}`),
      "mcp-fleet-test/mcp-server:latest",
    );
    const ready = `fetch("http://127.0.0.1:${serverPort}/ready").then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))`;
    await until(
      `${name} is ready`,
      30,
      async () => (await docker("exec", name, "node", "-e", ready)).code === 0,
    );
  }

  /** Ends a release as the engine does after the commit. */
  async stopServer(server: string, release: string): Promise<void> {
    const name = this.address(server, release);
    await must("stop", name);
    const code = await must("inspect", "--format={{.State.ExitCode}}", name);
    if (code !== "0") throw new Error(`${name} exited with ${code}`);
    await must("rm", name);
  }

  /** What the engine does with the gateway's live files: create, later update. */
  async apply(releases: Releases, weights: Readonly<Record<string, number>> = {}): Promise<void> {
    const text = JSON.stringify(sortedByName(this.render(releases, weights)));
    const inputs = {
      writer: `${this.prefix}-writer`,
      files: text,
      hash: createHash("sha256").update(text).digest("hex"),
      owner,
      reader: this.gateway,
      mountPath,
      ...ctl,
    };
    const before = this.#inputs;
    if (before === undefined) await liveFilesProvider.create(inputs);
    else await liveFilesProvider.update!("id", before, inputs);
    this.#inputs = inputs;
  }

  render(
    releases: Releases,
    weights: Readonly<Record<string, number>> = {},
  ): Record<string, string> {
    const routes = Object.entries(releases).map(([server, [live, ...draining]], index) => {
      const backend = (release: string, share: number): GatewayBackend => ({
        name: this.backend(server, release),
        address: this.address(server, release),
        port: serverPort,
        weight: weights[release] ?? share,
      });
      const backends = [
        backend(live, 100),
        ...draining.map((release) => ({ ...backend(release, 0), draining: true })),
      ];
      return { server, port: 3001 + index, backends };
    });
    const sha256 = createHash("sha256").update(tokens.primary).digest("hex");
    return renderHaproxy({
      spec: gatewaySchema.parse({}),
      routes,
      tokens: [{ client: "default", sha256 }],
    });
  }

  goBack(): Promise<Returned> {
    return returnToPrevious({
      reader: this.gateway,
      mountPath,
      reload: ctl.reload,
    });
  }

  /** Runs in the gateway, as `RunInGateway` wants it. */
  readonly run = async (command: readonly string[]) => [
    await docker("exec", this.gateway, ...command),
  ];

  /** Names in the volume of live files. */
  async versions(): Promise<string[]> {
    return (await must("exec", this.gateway, "ls", "-A", mountPath)).split(/\s+/).sort();
  }

  async #published(port: number): Promise<number> {
    const line = (await must("port", this.gateway, `${port}/tcp`)).split("\n")[0]!;
    return Number(line.slice(line.lastIndexOf(":") + 1));
  }

  async #startDatabase(): Promise<void> {
    const name = `${this.prefix}-postgres`;
    const bin = "/usr/lib/postgresql/17/bin";
    const start = [
      `${bin}/initdb -D /data/d -U postgres --auth=trust --no-sync > /dev/null`,
      `echo "host all all 0.0.0.0/0 trust" >> /data/d/pg_hba.conf`,
      `exec ${bin}/postgres -D /data/d -c listen_addresses='*' -c unix_socket_directories=/tmp -c fsync=off`,
    ].join(" && ");
    await must(
      "run",
      "-d",
      `--name=${name}`,
      `--network=${this.prefix}`,
      "--read-only",
      "--tmpfs=/tmp:mode=1777",
      "--tmpfs=/data:mode=1777",
      "--entrypoint=sh",
      "mcp-fleet-test/postgres:latest",
      "-c",
      start,
    );
    await until(
      "the database answers",
      30,
      async () => (await docker("exec", name, `${bin}/pg_isready`, "-h", "127.0.0.1")).code === 0,
    );
  }
}

function sortedByName(files: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(files).sort(([a], [b]) => (a < b ? -1 : 1)));
}
