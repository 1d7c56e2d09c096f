/** Oldest engine that fails an update before it deletes anything when an after-hook throws. */
export const PULUMI_MINIMUM = "3.238.0";

/**
 * What is fetched or built when no usable Pulumi CLI is found; `toolchain/pulumi/` pins its checksums. Not newer, because
 * later ones log all that they do to disk, for a fifth of the time of a rollback (ADR 2).
 */
export const PULUMI_VERSION = "3.246.0";

/** Go that the Pulumi module asks for (`go` line of `toolchain/pulumi/go.mod`). */
export const GO_MINIMUM = "1.26.0";

/** Go from which on `GOTOOLCHAIN=auto` can fetch a newer Go by itself. */
export const GO_FETCHES_ITSELF = "1.21.0";

/** API of Docker 20.10, the oldest engine the fleet is tested with. */
export const DOCKER_API_MINIMUM = "1.41";

/** Base image of every Dockerfile in `images/`. */
export const BASE_IMAGE = "debian:trixie-slim";

/** Debian release of the base image; `BASE_IMAGE` and the built one must agree. */
export const BASE_SUITE = "trixie";

/** Reference of the base image that is built where no registry is reachable. */
export const BUILT_BASE_IMAGE = "mcp-fleet/base:trixie";

/** Numbers of a dotted version, leading words such as `v` or `go` dropped; undefined when there are none. */
export function parseVersion(text: string): readonly number[] | undefined {
  const match = /^\D{0,8}(\d+(?:\.\d+)*)/.exec(text.trim());
  return match?.[1]?.split(".").map(Number);
}

/** Whether `version` is `minimum` or newer; false when it cannot be parsed. */
export function isAtLeast(version: string, minimum: string): boolean {
  const have = parseVersion(version);
  const need = parseVersion(minimum);
  if (have === undefined || need === undefined) return false;
  for (let i = 0; i < Math.max(have.length, need.length); i++) {
    const difference = (have[i] ?? 0) - (need[i] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return true;
}
