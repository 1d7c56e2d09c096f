import { existsSync, readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { missingDatabasePassword } from "./database-password.ts";
import { draftOf } from "./draft.ts";
import { fromEnvironment } from "./environment.ts";
import { fleetFileSchema, type FleetSpec } from "./fleet.schema.ts";
import { schemaFindings } from "./issues.ts";
import { applyOverrides, parseSets, type Overridden, type Override } from "./overrides.ts";
import { ConfigError, type Finding, type Path, type Problem } from "./problems.ts";
import { missingReceiverSecrets } from "./receivers.ts";
import { resolveFleet } from "./resolve.ts";
import { ruleFindings } from "./rules.ts";
import { pathFormatter } from "./schema-walk.ts";
import { checkToken } from "./tokens.ts";
import { readYamlFile, type YamlFile } from "./yaml-file.ts";

/** Where a fleet's configuration comes from. Later ones win: file, stack, environment, `--set`. */
export interface ConfigSource {
  /** Fleet file, absolute or relative to `rootDir`. */
  readonly fleetPath: string;
  /** `mcp-fleet:set` of the stack: path -> value. */
  readonly stackOverrides?: Readonly<Record<string, unknown>>;
  /** Problems of the stack's settings, reported together with those of the fleet. */
  readonly stackProblems?: readonly Problem[];
  /**
   * Whether the stack brings secrets of receivers.
   *
   * @default not known here, and not asked for
   */
  readonly hasReceivers?: boolean;
  /**
   * Whether the stack brings the password of an external database.
   *
   * @default not known here, and not asked for
   */
  readonly hasDatabasePassword?: boolean;
  /**
   * Whether monitoring of the platform serves in place of the fleet's own.
   *
   * @default false
   */
  readonly existingMonitoring?: boolean;
  readonly env: NodeJS.ProcessEnv;
  /** `path=value` of every `--set`. */
  readonly sets: readonly string[];
  /** Root of the project. */
  readonly rootDir: string;
}

export interface LoadedConfig {
  readonly fleet: FleetSpec;
  /**
   * Path -> `fleet file`, `stack config`, `environment LOG_LEVEL` or `--set`, for everything that was set somewhere.
   * What is missing here is a default.
   */
  readonly origins: ReadonlyMap<string, string>;
}

/**
 * Reads a fleet with all its overrides.
 *
 * @throws ConfigError with every problem that could be found: of the YAML, the schema, and across fields.
 */
export function loadFleet(source: ConfigSource): LoadedConfig {
  const path = resolve(source.rootDir, source.fleetPath);
  const yaml = readYamlFile(path, source.rootDir);
  const sets = parseSets(source.sets);
  const early = [
    ...(source.stackProblems ?? []),
    ...tokenProblems(source.env),
    ...sets.problems,
    ...yaml.problems.map((problem) => withFleets(problem, path, source.rootDir)),
  ];
  const what = `fleet ${yaml.file}`;
  if (typeof yaml.data !== "object" || yaml.data === null || Array.isArray(yaml.data)) {
    const shape = yaml.problems.length > 0 ? [] : [notAMap(yaml)];
    throw new ConfigError(what, [...early, ...shape]);
  }
  const overridden = applyOverrides(fleetFileSchema, yaml.data, [
    ...fromStack(source.stackOverrides ?? {}),
    ...fromEnvironment(source.env),
    ...sets.overrides,
  ]);
  const format = pathFormatter(overridden.data);
  const place = (finding: Finding) => toProblem(finding, yaml, overridden, format);
  const problems = [
    ...early,
    ...overridden.problems,
    ...findAll(overridden.data, source).map(place),
  ];
  if (problems.length > 0) {
    throw new ConfigError(what, problems);
  }
  return {
    fleet: resolveFleet(fleetFileSchema.parse(overridden.data)),
    origins: originsOf(yaml.data, overridden, format),
  };
}

/** Everything that is wrong with the content of a fleet file, for the stack that runs it. */
function findAll(
  data: unknown,
  { hasReceivers, hasDatabasePassword, existingMonitoring = false }: ConfigSource,
): readonly Finding[] {
  const broken = schemaFindings(fleetFileSchema, data);
  const file = broken.length === 0 ? fleetFileSchema.parse(data) : draftOf(data, broken);
  if (file === undefined) return broken;
  const spec = resolveFleet(file);
  return [
    ...broken,
    ...ruleFindings({ file, spec, data, existingMonitoring }),
    ...(hasReceivers === false && !existingMonitoring
      ? missingReceiverSecrets(spec.monitoring.alertmanager)
      : []),
    ...(hasDatabasePassword === false ? missingDatabasePassword(spec.postgres) : []),
  ];
}

function fromStack(overrides: Readonly<Record<string, unknown>>): readonly Override[] {
  return Object.entries(overrides).map(([path, value]) => ({
    path,
    value,
    origin: "stack config",
  }));
}

function tokenProblems(env: NodeJS.ProcessEnv): readonly Problem[] {
  const token = env["MCP_AUTH_TOKEN"];
  const why = token === undefined || token === "" ? undefined : checkToken(token);
  const source = "environment MCP_AUTH_TOKEN";
  return why === undefined
    ? []
    : [{ path: "MCP_AUTH_TOKEN", got: "a value that is not shown", allowed: why, source }];
}

function withFleets(problem: Problem, path: string, rootDir: string): Problem {
  const folder = join(rootDir, "fleets");
  if (existsSync(path) || !existsSync(folder)) {
    return problem;
  }
  const fleets = readdirSync(folder)
    .filter((name) => name.endsWith(".yaml"))
    .sort();
  const list = fleets.map((name) => `fleets/${name}`).join(", ");
  return { ...problem, fix: fleets.length === 0 ? "there is none in fleets/" : `there is ${list}` };
}

function notAMap(yaml: YamlFile): Problem {
  const got =
    yaml.data === null || yaml.data === undefined
      ? "an empty file"
      : Array.isArray(yaml.data)
        ? "a list"
        : "a single value";
  return {
    path: yaml.file,
    got,
    allowed: `a map with ${Object.keys(fleetFileSchema.shape).join(", ")}`,
    fix: "name and servers are required",
    source: yaml.position([]),
  };
}

function toProblem(
  finding: Finding,
  yaml: YamlFile,
  overridden: Overridden,
  format: (path: Path) => string,
): Problem {
  const { at, atKey, ...rest } = finding;
  const source = originAt(at, overridden) ?? yaml.position(at, atKey);
  return { path: format(at), ...rest, source };
}

/** Label of the override that set the value at a path, or something around it; the last one wins. */
function originAt(at: Path, { origins }: Overridden): string | undefined {
  return [...origins].reverse().find((entry) => entry.at.every((key, depth) => at[depth] === key))
    ?.origin;
}

function originsOf(
  data: unknown,
  overridden: Overridden,
  format: (path: Path) => string,
): ReadonlyMap<string, string> {
  return new Map([
    ...leaves(data).map((path) => [format(path), "fleet file"] as const),
    ...overridden.origins.map(({ at, origin }) => [format(at), origin] as const),
  ]);
}

function leaves(value: unknown, path: Path = []): readonly Path[] {
  if (typeof value !== "object" || value === null || Object.keys(value).length === 0) {
    return [path];
  }
  return Object.entries(value).flatMap(([key, inner]) =>
    leaves(inner, [...path, Array.isArray(value) ? Number(key) : key]),
  );
}
