import Docker from "dockerode";
import { labelNames } from "../../../components/platform/labels.ts";
import type { KnownResource, StackObject, UnknownObjects } from "../site.ts";

type Kind = "container" | "network" | "volume";

/** Ids and names that the state knows. */
export function knownIds(
  resources: readonly Pick<KnownResource, "id" | "outputs">[],
): ReadonlySet<string> {
  const known = new Set<string>();
  for (const { id, outputs } of resources) {
    if (id) known.add(id);
    // A job's id is its name; the container it made stands in its outputs.
    if (typeof outputs?.["container"] === "string") known.add(outputs["container"]);
  }
  return known;
}

/** See `Site.findUnknown`. */
export async function findUnknown(
  stack: string,
  resources: readonly Pick<KnownResource, "id" | "outputs">[],
  lineage: string | undefined,
): Promise<UnknownObjects> {
  const known = knownIds(resources);
  const docker = new Docker();
  const filters = { label: [`${labelNames.stack}=${stack}`] };
  const [containers, networks, { Volumes: volumes }] = await Promise.all([
    docker.listContainers({ all: true, filters }),
    docker.listNetworks({ filters }),
    docker.listVolumes({ filters }),
  ]);
  type Labels = Readonly<Record<string, string>> | undefined;
  const object = (kind: Kind, id: string, name: string, labels: Labels) => ({
    kind,
    id,
    name,
    lineage: labels?.[labelNames.lineage],
  });
  const objects: StackObject[] = [
    ...containers.map(({ Id, Names, Labels }) =>
      object("container", Id, Names[0]?.slice(1) ?? Id, Labels),
    ),
    ...networks.map(({ Id, Name, Labels }) => object("network", Id, Name, Labels)),
    // Copies of files carry their version in the name; a volume without one holds data and is taken up again by name.
    ...volumes
      .filter(({ Name }) => /-[0-9a-f]{8}$/.test(Name))
      .map(({ Name, Labels }) => object("volume", Name, Name, Labels)),
  ];
  const unknown = objects.filter(({ id, name }) => !known.has(id) && !known.has(name));
  const isOwn = (found: StackObject): boolean =>
    found.lineage === undefined || found.lineage === lineage;
  return {
    orphans: unknown.filter(isOwn),
    foreign: unknown.filter((found) => !isOwn(found)),
  };
}

/** Why a stack cannot be deployed beside these objects of another state, and what to do; undefined if there are none. */
export function foreignObjection(
  stack: string,
  foreign: readonly StackObject[],
): string | undefined {
  const [first] = foreign;
  if (first === undefined) return undefined;
  const filter = `--filter label=${labelNames.lineage}=${first.lineage}`;
  return [
    `another state has a stack ${stack} on this Docker engine: ${foreign.length} object(s) that this state does not know, such as ${first.kind} ${first.name}`,
    `  to change that one, use its state: log in to its backend, or set PULUMI_BACKEND_URL`,
    `  to have one beside it, use another stack name and other ports`,
    `  if its state is lost, remove its objects (data volumes stay):`,
    `    docker rm --force $(docker ps --all --quiet ${filter})`,
    `    docker network rm $(docker network ls --quiet ${filter})`,
    `    docker volume rm $(docker volume ls --quiet ${filter} | grep -E -- '-[0-9a-f]{8}$')`,
  ].join("\n");
}

/** Containers first: they hold the rest in use. What is gone already is fine. */
export async function removeOrphans(orphans: readonly StackObject[]): Promise<void> {
  const docker = new Docker();
  const of = (kind: Kind) => orphans.filter((object) => object.kind === kind);
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
