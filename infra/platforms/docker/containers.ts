import Docker from "dockerode";
import type { ComponentHealth } from "../../health/report.ts";

/** Long-running containers of a stack, judged by the engine: running, and healthy where they have a check. */
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
  return (
    inspected
      .filter((container) => container !== undefined)
      // Writers of files and finished jobs are never meant to run.
      .filter(({ HostConfig }) => HostConfig.RestartPolicy?.Name === "unless-stopped")
      .map(({ Config, State, Name, RestartCount }) => {
        const health = State.Health?.Status;
        const last = State.Health?.Log?.at(-1)?.Output?.trim().split("\n").at(-1) ?? "";
        const running = State.Running && !State.Restarting;
        const healthy = running && (health === undefined || health === "healthy");
        return {
          component: Config.Labels["mcp-fleet/component"] ?? Name.slice(1),
          healthy,
          ...(running && health === "starting" && { starting: true as const }),
          detail:
            `container ${State.Status}${health ? `, ${health}` : ""}` +
            (RestartCount > 0 ? `, restarted ${RestartCount} times` : "") +
            (healthy || !last ? "" : `: ${last.slice(0, 200)}`),
        };
      })
      .sort((a, b) => (a.component < b.component ? -1 : 1))
  );
}
