import * as pulumi from "@pulumi/pulumi";
import type { ReceiverSecrets } from "../components/monitoring/alertmanager.ts";
import type { GivenTokens } from "../components/gateway/tokens.ts";
import {
  checkDatabasePassword,
  checkReceivers,
  checkToken,
  checkTokens,
  ConfigError,
  loadFleet,
  databasePasswordKey,
  loadStackConfig,
  pairProblems,
  receiversKey,
  tokensKey,
  type FleetSpec,
  type Problem,
  type StackSettings,
  type TokenPairs,
} from "./config/index.ts";
import type { NamedSecrets } from "./named-secrets.ts";
import { existingMonitoring } from "./platforms/asked.ts";
import { refusal } from "./refusal.ts";
import { rootDir } from "./root-dir.ts";

/** Fleet and settings of the stack that is being deployed. Problems end the program without a stack trace. */
export function loadProgramConfig(): { fleet: FleetSpec; settings: StackSettings } {
  return asRunError(() => {
    const { settings, problems } = loadStackConfig(pulumi.runtime.allConfig(), {
      stack: pulumi.getStack(),
      isSecret: isConfigSecret,
    });
    const { fleet } = loadFleet({
      fleetPath: settings.fleet,
      stackOverrides: settings.set,
      stackProblems: problems,
      hasReceivers: settings.hasReceivers,
      hasDatabasePassword: settings.hasDatabasePassword,
      existingMonitoring: existingMonitoring(settings) !== undefined,
      env: process.env,
      // `fleet --set` reaches the program through the engine, which passes its environment on.
      sets: JSON.parse(process.env["MCP_FLEET_SET"] ?? "[]") as string[],
      rootDir,
    });
    return { fleet, settings };
  });
}

/**
 * Tokens that the user brings: secret stack setting `tokens`, Secrets of the cluster, and MCP_AUTH_TOKEN as primary token
 * of the first client. Checked here, because a throw inside `apply` would come when half the fleet exists.
 */
export function programTokens(
  fleet: FleetSpec,
  named: NamedSecrets["tokens"] = {},
): GivenTokens | undefined {
  return asRunError(() => {
    const clients = fleet.gateway.clients.map(({ name }) => name);
    const json = new pulumi.Config("mcp-fleet").get(tokensKey);
    const single = process.env["MCP_AUTH_TOKEN"] || undefined;
    // One token for two clients: nobody could tell them apart.
    const seen = new Map<string, string>();
    const ownProblems = json === undefined ? [] : checkTokens(json, clients, seen);
    const own = (
      json === undefined || ownProblems.length > 0 ? {} : JSON.parse(json)
    ) as TokenPairs;
    const problems = [
      ...ownProblems,
      ...Object.keys(named)
        .filter((client) => own[client] !== undefined)
        .map((client) => givenTwice(`tokens.${client}`, `${tokensKey}.${client}`)),
      ...pairProblems(`${namedPath}.tokens`, named, clients, seen),
      ...(single === undefined ? [] : singleProblems(single, clients[0]!, seen)),
    ];
    if (problems.length > 0) throw new ConfigError("tokens", problems);
    const given: Record<string, TokenPairs[string]> = { ...own, ...named };
    if (single !== undefined) given[clients[0]!] = { ...given[clients[0]!], primary: single };
    return Object.keys(given).length > 0 ? given : undefined;
  });
}

/** @param first the client whose primary token it takes the place of. */
function singleProblems(
  token: string,
  first: string,
  seen: ReadonlyMap<string, string>,
): readonly Problem[] {
  const said = { path: "MCP_AUTH_TOKEN", source: "environment" };
  const wrong = checkToken(token);
  if (wrong !== undefined) return [{ ...said, allowed: wrong }];
  const other = seen.get(token);
  if (other === undefined || other.endsWith(`.${first}.primary`)) return [];
  return [{ ...said, allowed: `the same token as ${other}; every token must differ` }];
}

const namedPath = "mcp-fleet:kubernetes.secrets";

function givenTwice(named: string, own: string): Problem {
  return {
    path: `${namedPath}.${named}`,
    allowed: `mcp-fleet:${own} gives it, too`,
    fix: "remove one of the two",
  };
}

/** Password of the owner of an external database; undefined where there is none, or it is not known here. */
export function programDatabasePassword(
  { postgres }: FleetSpec,
  named?: string,
): string | undefined {
  return asRunError(() => {
    if (postgres.external === undefined) return undefined;
    const own = new pulumi.Config("mcp-fleet").get(databasePasswordKey);
    const password = named ?? own;
    if (password === undefined) return undefined;
    const allowed = checkDatabasePassword(password);
    const path =
      named === undefined ? `mcp-fleet:${databasePasswordKey}` : `${namedPath}.databasePassword`;
    const problems = [
      ...(named !== undefined && own !== undefined
        ? [givenTwice("databasePassword", databasePasswordKey)]
        : []),
      ...(allowed === undefined ? [] : [{ path, got: "a value that is not shown", allowed }]),
    ];
    if (problems.length > 0) throw new ConfigError("password of the database", problems);
    return password;
  });
}

/**
 * Secrets of the receivers of alerts: secret stack setting `receivers`, and Secrets of the cluster. Checked here, because an
 * alert that cannot be sent would be noticed only when it should have been.
 */
export function programReceivers(
  fleet: FleetSpec,
  named: Readonly<Record<string, string | undefined>> = {},
): ReceiverSecrets {
  return asRunError(() => {
    const json = new pulumi.Config("mcp-fleet").get(receiversKey);
    const problems = checkReceivers(json, fleet.monitoring.alertmanager, named);
    if (problems.length > 0) throw new ConfigError("receivers of alerts", problems);
    const own = (json === undefined ? {} : JSON.parse(json)) as Record<string, string>;
    const known = Object.entries(named).filter((entry): entry is [string, string] => !!entry[1]);
    return { ...own, ...Object.fromEntries(known) };
  });
}

function asRunError<Result>(run: () => Result): Result {
  try {
    return run();
  } catch (error) {
    if (error instanceof ConfigError) throw refusal(error.message);
    throw error;
  }
}

/** The language host passes on which settings are encrypted. */
function isConfigSecret(key: string): boolean {
  const keys = JSON.parse(process.env["PULUMI_CONFIG_SECRET_KEYS"] ?? "[]") as string[];
  return keys.includes(key);
}
