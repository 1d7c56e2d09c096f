import Docker from "dockerode";

/** Objects on the engine that carry the stack's label. */
export interface StackObject {
  readonly kind: "container" | "network" | "volume";
  readonly id: string;
  readonly name: string;
}

/** Ids and names that the state knows, pending deletions included: those are the engine's to remove. */
export function knownIds(
  resources: readonly {
    readonly id?: string;
    readonly outputs?: Readonly<Record<string, unknown>> | undefined;
  }[],
): ReadonlySet<string> {
  const known = new Set<string>();
  for (const { id, outputs } of resources) {
    if (id) known.add(id);
    // A job's id is its name; the container it made stands in its outputs.
    if (typeof outputs?.["container"] === "string") known.add(outputs["container"]);
  }
  return known;
}

/** What an interrupted run made and could not record any more. Volumes with data are never among them. */
export async function findOrphans(
  stack: string,
  known: ReadonlySet<string>,
): Promise<StackObject[]> {
  const docker = new Docker();
  const filters = { label: [`mcp-fleet/stack=${stack}`] };
  const [containers, networks, { Volumes: volumes }] = await Promise.all([
    docker.listContainers({ all: true, filters }),
    docker.listNetworks({ filters }),
    docker.listVolumes({ filters }),
  ]);
  const objects: StackObject[] = [
    ...containers.map(({ Id, Names }) => ({
      kind: "container" as const,
      id: Id,
      name: Names[0]?.slice(1) ?? Id,
    })),
    ...networks.map(({ Id, Name }) => ({ kind: "network" as const, id: Id, name: Name })),
    // Copies of files carry their version in the name; a volume without one holds data and is taken up again by name.
    ...volumes
      .filter(({ Name }) => /-[0-9a-f]{8}$/.test(Name))
      .map(({ Name }) => ({ kind: "volume" as const, id: Name, name: Name })),
  ];
  return objects.filter(({ id, name }) => !known.has(id) && !known.has(name));
}

/** Containers first: they hold the rest in use. What is gone already is fine. */
export async function removeOrphans(orphans: readonly StackObject[]): Promise<void> {
  const docker = new Docker();
  const of = (kind: StackObject["kind"]) => orphans.filter((object) => object.kind === kind);
  for (const { id } of of("container"))
    await docker.getContainer(id).remove({ force: true, v: true }).catch(goneIsFine);
  for (const { id } of of("network")) await docker.getNetwork(id).remove().catch(goneIsFine);
  for (const { id } of of("volume")) await docker.getVolume(id).remove().catch(goneIsFine);
}

/** Not found, or a removal that is under way. */
function goneIsFine(error: Error & { statusCode?: number }): void {
  const underWay = error.statusCode === 409 && /already in progress/.test(error.message);
  if (error.statusCode !== 404 && !underWay) throw error;
}
