import { mkdtempSync, rmSync, writeFileSync, chmodSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Targets } from "../../../components/platform/transport.ts";
import { labelNames } from "../../../components/platform/labels.ts";
import { must } from "../../artefacts/database-harness.ts";

/** Containers of the reference server, with and without faults, on a network of their own that has no way out. */
export class HealthLab {
  readonly prefix = `mcp-fleet-test-health-${process.pid}`;
  /** In the label of everything: the transport looks for its helper's image by it. */
  readonly stack = this.prefix;
  /** Of the one role that the database lets in. */
  readonly password = "password-of-the-database-role";
  readonly #secrets = mkdtempSync(join(tmpdir(), "health-"));
  readonly #targets: Record<string, Targets[string]> = {};

  get targets(): Targets {
    return this.#targets;
  }

  async open(): Promise<void> {
    chmodSync(this.#secrets, 0o755);
    writeFileSync(join(this.#secrets, "database-password"), this.password);
    await must("network", "create", "--internal", this.prefix);
  }

  /** Starts a container of a test image and makes it a target. */
  async start(component: string, image: string, ...args: readonly string[]): Promise<void> {
    const workload = `${this.prefix}-${component}`;
    const options = args.slice(0, args.indexOf("--"));
    await must(
      "run",
      "-d",
      `--name=${workload}`,
      `--network=${this.prefix}`,
      `--label=${labelNames.stack}=${this.stack}`,
      `--label=${labelNames.component}=${component}`,
      "--read-only",
      "--cap-drop=ALL",
      "--security-opt=no-new-privileges",
      "--tmpfs=/tmp:mode=1777",
      ...options,
      `mcp-fleet-test/${image}:latest`,
      ...args.slice(args.indexOf("--") + 1),
    );
    this.#targets[component] = { component, workload };
  }

  /** A reference server; `DATABASE_HOST` decides whether it has a database. */
  server(component: string, env: Readonly<Record<string, string>> = {}): Promise<void> {
    const all = {
      SERVER_NAME: component,
      SERVER_DOMAIN: "scene",
      PORT: "3005",
      DATABASE_HOST: `${this.prefix}-postgres`,
      DATABASE_PORT: "5432",
      DATABASE_NAME: "postgres",
      DATABASE_USER: "scene_a",
      DATABASE_PASSWORD_FILE: "/run/secrets/fleet/database-password",
      ...env,
    };
    return this.start(
      component,
      "mcp-server",
      "--restart=unless-stopped",
      "--memory=160m",
      `-v=${this.#secrets}:/run/secrets/fleet:ro`,
      ...Object.entries(all).map(([name, value]) => `--env=${name}=${value}`),
      "--",
    );
  }

  /** A database that lets one role in, by its password alone. */
  postgres(role: string): Promise<void> {
    const script = [
      `echo '${this.password}' > /tmp/password`,
      `initdb -D /tmp/data -U ${role} -A scram-sha-256 --pwfile=/tmp/password > /tmp/log`,
      "echo 'host all all all scram-sha-256' >> /tmp/data/pg_hba.conf",
      "exec postgres -D /tmp/data -k /tmp -c listen_addresses='*' -c fsync=off -c shared_buffers=16MB",
    ].join(" && ");
    return this.start(
      "postgres",
      "postgres",
      "--entrypoint=bash",
      "--env=PATH=/usr/lib/postgresql/17/bin:/usr/bin:/bin",
      "--",
      "-ec",
      script,
    );
  }

  async close(): Promise<void> {
    const filter = `--filter=label=${labelNames.stack}=${this.stack}`;
    const ids = (await must("ps", "-aq", filter)).split(/\s+/).filter(Boolean);
    if (ids.length > 0) await must("rm", "-fv", ...ids);
    await must("network", "rm", this.prefix);
    rmSync(this.#secrets, { recursive: true, force: true });
  }
}
