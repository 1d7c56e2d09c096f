import Docker from "dockerode";

export const docker = new Docker();

/** Running containers of a stack: name -> id and moment of the start, so that a restart shows. */
export async function incarnations(stack: string): Promise<Record<string, string>> {
  const filters = { label: [`mcp-fleet/stack=${stack}`], status: ["running"] };
  const listed = await docker.listContainers({ filters });
  const inspected = await Promise.all(listed.map(({ Id }) => docker.getContainer(Id).inspect()));
  return Object.fromEntries(
    inspected.map(({ Id, Name, State }) => [Name.slice(1), `${Id} ${State.StartedAt}`]),
  );
}

/** The running server of each name. */
export async function serversOf(
  stack: string,
  names: readonly string[],
): Promise<Docker.ContainerInspectInfo[]> {
  const filters = { label: [`mcp-fleet/stack=${stack}`], status: ["running"] };
  const listed = await docker.listContainers({ filters });
  const wanted = listed.filter(({ Labels }) => names.includes(Labels["mcp-fleet/component"] ?? ""));
  return Promise.all(wanted.map(({ Id }) => docker.getContainer(Id).inspect()));
}
