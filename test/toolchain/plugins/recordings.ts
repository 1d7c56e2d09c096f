import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import type { Properties } from "../../../toolchain/plugins/bridge/values.ts";

/** Fields that requests of the recorded calls have, depending on the call. */
interface RecordedRequest {
  readonly id: string;
  readonly urn: string;
  readonly name: string;
  readonly type: string;
  readonly olds: Properties;
  readonly news: Properties;
  readonly oldInputs: Properties;
  readonly inputs: Properties;
  readonly properties: Properties;
  readonly args: Properties;
  /** In base64. */
  readonly randomSeed: string;
}

/** One call of the engine and what the official plugin answered. */
export interface Recorded {
  readonly phase: Phase;
  readonly call: string;
  readonly request: RecordedRequest;
  readonly response: Properties;
}

export const PHASES = ["1-create", "2-change", "3-refresh", "4-destroy"] as const;
export type Phase = (typeof PHASES)[number];

/**
 * Calls to the official docker and random plugins while a program was created, had one property
 * per resource changed, was refreshed after one container was removed by hand, and destroyed; or
 * calls to the official kubernetes plugin while another program went through the same.
 */
export function recordings(
  phase: Phase,
  program: "docker-random" | "kubernetes" = "docker-random",
): Recorded[] {
  const file = new URL(`recorded/${program}-${phase}.jsonl.gz`, import.meta.url);
  return gunzipSync(readFileSync(file))
    .toString()
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => ({ phase, ...(JSON.parse(line) as Omit<Recorded, "phase">) }));
}

/** The recordings leave out the kind of a detailed difference where it is the protocol's zero. */
export function withExplicitKinds(response: Properties): Properties {
  const detailed = response.detailedDiff as Record<string, { kind?: string }> | undefined;
  if (detailed === undefined) return response;
  const kinds = Object.entries(detailed).map(([path, { kind = "ADD" }]) => [path, kind] as const);
  return { ...response, detailedDiff: Object.fromEntries(kinds) };
}
