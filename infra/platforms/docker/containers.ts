import { setTimeout as sleep } from "node:timers/promises";
import Docker from "dockerode";
import { runInside } from "../../../components/platform/docker/run-inside.ts";
import type { ComponentHealth } from "../../health/report.ts";

/**
 * Long-running containers of a stack, judged by the engine: running, and healthy where they have a check. One that the
 * engine has not looked at yet is asked now.
 */
export async function checkContainers(stack: string): Promise<ComponentHealth[]> {
  const docker = new Docker();
  const containers = await docker.listContainers({
    all: true,
    filters: { label: [`mcp-fleet/stack=${stack}`] },
  });
  const inspected = await Promise.all(
    containers.map(({ Id }) =>
      docker
        .getContainer(Id)
        .inspect()
        .catch((error: { readonly statusCode?: number }) => {
          // Removed since it was listed.
          if (error.statusCode === 404) return undefined;
          throw error;
        }),
    ),
  );
  const parts = await Promise.all(
    inspected
      .filter((container) => container !== undefined)
      // Writers of files and finished jobs are never meant to run.
      .filter(({ HostConfig }) => HostConfig.RestartPolicy?.Name === "unless-stopped")
      .map((container) => partOf(docker, container)),
  );
  return parts.sort((a, b) => (a.component < b.component ? -1 : 1));
}

async function partOf(
  docker: Docker,
  { Id, Config, State, Name, RestartCount }: Docker.ContainerInspectInfo,
): Promise<ComponentHealth> {
  const health = State.Health?.Status;
  const running = State.Running && !State.Restarting;
  const starting = running && health === "starting";
  const passes = starting && (await passesItsCheck(docker, Id, Config.Healthcheck));
  const healthy = running && (health === undefined || health === "healthy" || passes);
  const last = State.Health?.Log?.at(-1)?.Output?.trim().split("\n").at(-1) ?? "";
  return {
    component: Config.Labels["mcp-fleet/component"] ?? Name.slice(1),
    healthy,
    ...(starting && !healthy && { starting: true as const }),
    detail:
      `container ${State.Status}${health ? `, ${health}` : ""}` +
      (passes ? ", passes its check" : "") +
      (RestartCount > 0 ? `, restarted ${RestartCount} times` : "") +
      (healthy || !last ? "" : `: ${last.slice(0, 200)}`),
  };
}

/** The engine looks for the first time after a whole interval of the check, which may be half a minute. */
async function passesItsCheck(
  docker: Docker,
  container: string,
  check: Docker.HealthConfig = {},
): Promise<boolean> {
  const [kind, ...command] = check.Test ?? [];
  if (kind !== "CMD") return false;
  // In the engine's unit, nanoseconds.
  const timeoutMs = (check.Timeout ?? 30e9) / 1e6;
  const ran = await Promise.race([
    runInside(docker, container, command),
    sleep(timeoutMs, undefined, { ref: false }),
  ]);
  return ran?.code === 0;
}
