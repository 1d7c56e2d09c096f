import * as pulumi from "@pulumi/pulumi";
import type { ReceiverSecrets } from "../components/monitoring/alertmanager.ts";
import type { GivenTokens } from "../components/gateway/tokens.ts";
import {
  checkReceivers,
  checkToken,
  checkTokens,
  ConfigError,
  loadFleet,
  loadStackConfig,
  receiversKey,
  tokensKey,
  type FleetSpec,
  type StackSettings,
} from "./config/index.ts";
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
      env: process.env,
      // `fleet --set` reaches the program through the engine, which passes its environment on.
      sets: JSON.parse(process.env["MCP_FLEET_SET"] ?? "[]") as string[],
      rootDir,
    });
    return { fleet, settings };
  });
}

/**
 * Tokens that the user brings: secret stack setting `tokens`, and MCP_AUTH_TOKEN as primary token of the first
 * client. Checked here, because a throw inside `apply` would come when half the fleet exists.
 */
export function programTokens(fleet: FleetSpec): GivenTokens | undefined {
  return asRunError(() => {
    const clients = fleet.gateway.clients.map(({ name }) => name);
    const json = new pulumi.Config("mcp-fleet").get(tokensKey);
    const single = process.env["MCP_AUTH_TOKEN"];
    const wrong = single === undefined ? undefined : checkToken(single);
    const problems = [
      ...(json === undefined ? [] : checkTokens(json, clients)),
      ...(wrong === undefined
        ? []
        : [{ path: "MCP_AUTH_TOKEN", allowed: wrong, source: "environment" }]),
    ];
    if (problems.length > 0) throw new ConfigError("tokens", problems);
    const given = (json === undefined ? {} : JSON.parse(json)) as Record<
      string,
      { primary?: string; backup?: string }
    >;
    if (single !== undefined) given[clients[0]!] = { ...given[clients[0]!], primary: single };
    return Object.keys(given).length > 0 ? given : undefined;
  });
}

/**
 * Secrets of the receivers of alerts: secret stack setting `receivers`. Checked here, because an alert that cannot be
 * sent would be noticed only when it should have been.
 */
export function programReceivers(fleet: FleetSpec): ReceiverSecrets {
  return asRunError(() => {
    const json = new pulumi.Config("mcp-fleet").get(receiversKey);
    const problems = checkReceivers(json, fleet.monitoring.alertmanager);
    if (problems.length > 0) throw new ConfigError("receivers of alerts", problems);
    return (json === undefined ? {} : JSON.parse(json)) as Record<string, string>;
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
