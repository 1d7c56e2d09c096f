import Docker from "dockerode";
import type { OfLabels } from "../site.ts";

/**
 * Stops chosen containers of a stack that the engine has started again. It waits 0.1 s before it does, and only twice as
 * long before each next time: a server that exits at once would take a core during a rollback.
 */
export async function stopRestarting(stack: string, which: OfLabels): Promise<void> {
  const docker = new Docker();
  const containers = await docker.listContainers({
    all: true,
    filters: { label: [`mcp-fleet/stack=${stack}`] },
  });
  await Promise.all(
    containers
      .filter(({ Labels }) => which(Labels))
      .map(async ({ Id }) => {
        const container = docker.getContainer(Id);
        const { RestartCount } = await container.inspect();
        if (RestartCount > 0) await container.stop({ t: 0 });
      }),
  );
}
