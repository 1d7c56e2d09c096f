import {
  ConfigError,
  fleetJsonSchema,
  hostPorts,
  loadFleet,
  readStackFile,
  showFleet,
  silentAlerts,
  type FleetSpec,
  type LoadedConfig,
} from "../../config/index.ts";
import { existingMonitoring } from "../../platforms/asked.ts";
import { placeOf } from "../../platforms/place.ts";

/** What every `config` command needs to know. */
export interface ConfigContext {
  /** Root of the project. */
  readonly rootDir: string;
  readonly stack: string;
  /** `path=value` of every `--set`. */
  readonly sets: readonly string[];
  readonly env: NodeJS.ProcessEnv;
}

/** Text for the user and the exit code: 0, or 1 if the configuration was refused. */
export interface ConfigAnswer {
  readonly output: string;
  readonly exitCode: 0 | 1;
}

/** The fleet of a stack, with all its overrides. Throws ConfigError with all problems of stack and fleet. */
export function loadStackFleet(ctx: ConfigContext): LoadedConfig {
  const { settings, problems } = readStackFile(ctx.rootDir, ctx.stack);
  return loadFleet({
    fleetPath: settings.fleet,
    stackOverrides: settings.set,
    stackProblems: problems,
    hasReceivers: settings.hasReceivers,
    hasDatabasePassword: settings.hasDatabasePassword,
    existingMonitoring: existingMonitoring(settings) !== undefined,
    env: ctx.env,
    sets: ctx.sets,
    rootDir: ctx.rootDir,
  });
}

/** What the operator should know of alerts that reach nobody; undefined if they reach somebody, or others tell them. */
export function silentIn(
  { rootDir, stack }: Pick<ConfigContext, "rootDir" | "stack">,
  { monitoring }: FleetSpec,
): string | undefined {
  const { settings } = readStackFile(rootDir, stack);
  return existingMonitoring(settings) ? undefined : silentAlerts(monitoring.alertmanager);
}

/** `config validate`: one line if all is well, else every problem. */
export function configValidate(ctx: ConfigContext): ConfigAnswer {
  return answer(() => {
    const { fleet } = loadStackFleet(ctx);
    const count = fleet.servers.length;
    const servers = count === 1 ? "1 server" : `${count} servers`;
    const silent = silentIn(ctx, fleet);
    return (
      `ok: stack ${ctx.stack} runs fleet ${fleet.name} (${fleet.environment}): ${servers}, ` +
      `${whereabouts(ctx, fleet)}\n${silent === undefined ? "" : `note: ${silent}\n`}`
    );
  });
}

function whereabouts({ rootDir, stack }: ConfigContext, fleet: FleetSpec): string {
  const place = placeOf(readStackFile(rootDir, stack).settings, stack);
  const { bind, port } = fleet.gateway;
  return place.platform === "docker"
    ? `${hostPorts(fleet).length} host ports, gateway on ${bind}:${port}`
    : `in namespace ${place.namespace} of a cluster`;
}

/** `config schema`: JSON Schema of fleet files, for editors. */
export function configSchema(): ConfigAnswer {
  return { output: fleetJsonSchema(), exitCode: 0 };
}

/** `config show`: the fleet with every default and override, as YAML with the overrides' origins, or as JSON. */
export function configShow(ctx: ConfigContext, options: { readonly json: boolean }): ConfigAnswer {
  return answer(() => {
    const loaded = loadStackFleet(ctx);
    return options.json ? `${JSON.stringify(loaded.fleet, null, 2)}\n` : showFleet(loaded);
  });
}

function answer(run: () => string): ConfigAnswer {
  try {
    return { output: run(), exitCode: 0 };
  } catch (error) {
    if (error instanceof ConfigError) {
      return { output: `${error.message}\n`, exitCode: 1 };
    }
    throw error;
  }
}
