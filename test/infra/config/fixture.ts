import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import {
  ConfigError,
  loadFleet,
  type LoadedConfig,
  type Problem,
} from "../../../infra/config/index.ts";

/** Root of the project. */
export const projectRoot = new URL("../../..", import.meta.url).pathname.replace(/\/$/, "");

export interface Overrides {
  readonly sets?: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  readonly stack?: Readonly<Record<string, unknown>>;
}

/** A project folder that holds one fleet file, for the test that runs. */
export function projectWith(text: string): string {
  const rootDir = makeProject(text);
  onTestFinished(() => rmSync(rootDir, { recursive: true }));
  return rootDir;
}

function makeProject(text: string): string {
  const rootDir = mkdtempSync(join(tmpdir(), "mcp-fleet-config-"));
  mkdirSync(join(rootDir, "fleets"));
  writeFileSync(join(rootDir, "fleets", "test.yaml"), text);
  return rootDir;
}

export function load(text: string, overrides: Overrides = {}): LoadedConfig {
  const rootDir = makeProject(text);
  try {
    return loadFleet({
      fleetPath: "fleets/test.yaml",
      stackOverrides: overrides.stack ?? {},
      env: overrides.env ?? {},
      sets: overrides.sets ?? [],
      rootDir,
    });
  } finally {
    rmSync(rootDir, { recursive: true });
  }
}

/** What loading complains about; none if it does not. */
export function problemsOf(text: string, overrides: Overrides = {}): readonly Problem[] {
  try {
    load(text, overrides);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) {
      return error.problems;
    }
    throw error;
  }
}

/** The smallest fleet: two servers of known domains. Further lines go below it. */
export function fleet(...lines: readonly string[]): string {
  return [
    "name: test",
    "servers:",
    "  - name: scene",
    "    port: 3001",
    "  - name: review",
    "    port: 3002",
    ...lines,
    "",
  ].join("\n");
}

/** A fleet of one server with further settings. */
export function server(...lines: readonly string[]): string {
  return [
    "name: test",
    "servers:",
    ...lines.map((line, i) => `${i === 0 ? "  - " : "    "}${line}`),
    "",
  ].join("\n");
}
