import { postgresVolume } from "../components/database/names.ts";
import type { PostgresSpec } from "../components/database/postgres.schema.ts";

/**
 * Why a stack that has data of its own cannot be pointed at an external database; undefined if it can. Its servers would
 * find empty tables there, and a release that cannot see that would be healthy.
 *
 * @param volumes names of the volumes that the stack's state has.
 */
export function databaseObjection(
  { external, name }: Pick<PostgresSpec, "external" | "name">,
  volumes: readonly string[],
  stack: string,
): string | undefined {
  const own = volumes.find((volume) => volume.endsWith(postgresVolume));
  if (external === undefined || own === undefined) return undefined;
  return (
    `postgres.external: got ${external.host}, but this stack has a database of its own, in volume ${own}; ` +
    `dump ${name}, then ./fleet destroy --stack ${stack} (the volume stays), ./fleet up, and load the dump`
  );
}
