import type { FleetFile, FleetSpec } from "../fleet.schema.ts";
import type { Path } from "../problems.ts";

/** What a rule judges: the fleet with every default, and the file, which tells where a value was set. */
export interface RuleInput {
  readonly file: FleetFile;
  readonly spec: FleetSpec;
  /** The file as it is written, overrides in it, without defaults and perhaps with mistakes. */
  readonly data: unknown;
  /**
   * Whether monitoring of the platform serves in place of the fleet's own.
   *
   * @default false
   */
  readonly existingMonitoring?: boolean;
}

/** Where a server's setting was made: at the server, or in `serverDefaults` for all of them. */
export function whereSet(
  { file }: RuleInput,
  index: number,
  setting: "drainSeconds" | "poolSize" | "image",
): Path {
  return file.servers[index]?.[setting] === undefined
    ? ["serverDefaults", setting]
    : ["servers", index, setting];
}

const units = { kB: 1, MB: 1024, GB: 1024 * 1024 } as const;

/** A PostgreSQL memory size in kB. */
export function kilobytes(size: string): number {
  const unit = size.slice(-2) as keyof typeof units;
  return Number(size.slice(0, -2)) * units[unit];
}
