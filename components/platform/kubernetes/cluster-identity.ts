import { createHash } from "node:crypto";

/** What tells one cluster from another, without a question to it. */
export interface ClusterIdentity {
  /** URL of its API server. */
  readonly server: string;
  /** First 16 hex digits of the SHA-256 of its certificate authority; absent if the machine's are trusted. */
  readonly authority?: string;
}

/** A cluster keeps its authority whatever the way to it, and its address whatever becomes of its certificates. */
export function isSameCluster(
  a: ClusterIdentity | undefined,
  b: ClusterIdentity | undefined,
): boolean {
  if (a === undefined || b === undefined) return true;
  return a.server === b.server || (a.authority !== undefined && a.authority === b.authority);
}

/** @param authority certificates as the kubeconfig has them, PEM. */
export function clusterIdentity(server: string, authority: Buffer | undefined): ClusterIdentity {
  if (authority === undefined) return { server };
  const hash = createHash("sha256").update(authority.toString("utf8").trim()).digest("hex");
  return { server, authority: hash.slice(0, 16) };
}
