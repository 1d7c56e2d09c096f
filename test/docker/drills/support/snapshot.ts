import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { rootDir } from "../../../../infra/root-dir.ts";
import { docker } from "../../support/engine.ts";

/** Everything that the engine has of a stack; what tells one run of a container from the next. */
export interface Objects {
  /** Name -> id, moment of the last start, restarts. */
  readonly containers: Readonly<Record<string, string>>;
  readonly networks: readonly string[];
  readonly volumes: readonly string[];
}

export async function objectsByName(stack: string): Promise<Objects> {
  const filters = { label: [`mcp-fleet/stack=${stack}`] };
  const [containers, networks, { Volumes }] = await Promise.all([
    docker.listContainers({ all: true, filters }),
    docker.listNetworks({ filters }),
    docker.listVolumes({ filters }),
  ]);
  const inspected = await Promise.all(
    containers.map(({ Id }) => docker.getContainer(Id).inspect()),
  );
  return {
    containers: Object.fromEntries(
      inspected
        .map(({ Id, Name, State, RestartCount }): [string, string] => [
          Name.slice(1),
          `${Id.slice(0, 12)} ${State.Status} since ${State.StartedAt}, ${RestartCount} restarts`,
        ])
        .sort(([a], [b]) => (a < b ? -1 : 1)),
    ),
    networks: networks.map(({ Name }) => Name).sort(),
    volumes: Volumes.map(({ Name }) => Name).sort(),
  };
}

/** The deployment that `pulumi stack export` shows, secrets open, without the time at which it was written. */
export async function openState(stack: string, env: NodeJS.ProcessEnv): Promise<unknown> {
  const { stdout } = await promisify(execFile)(
    "pulumi",
    ["stack", "export", "--show-secrets", "--stack", stack, "--non-interactive"],
    { cwd: rootDir, env, maxBuffer: 256 * 1024 * 1024 },
  );
  const { deployment } = JSON.parse(stdout) as { deployment: Record<string, unknown> };
  const { manifest: _manifest, ...rest } = deployment;
  return rest;
}
