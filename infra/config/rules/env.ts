import type { Finding, Path } from "../problems.ts";
import { holdsSecret, isSecretName } from "../redact.ts";
import type { RuleInput } from "./input.ts";

/** Variables that the platform sets, and the setting to use instead. */
const reserved: Readonly<Record<string, string>> = {
  SERVER_NAME: "set name",
  SERVER_DOMAIN: "set domain",
  HOST: "remove it; servers listen on all of the container's addresses",
  PORT: "set port",
  METRICS_PORT: "remove it; it is the same for every server",
  NODE_ENV: "remove it, it is always production; set environment for the label",
  ENVIRONMENT: "set environment of the fleet",
  RELEASE: "remove it; every release has its own",
  LOG_LEVEL: "set logging.level",
  LOG_FORMAT: "set logging.format",
  DRAIN_SECONDS: "set drainSeconds",
  SESSION_IDLE_SECONDS: "set sessionIdleSeconds",
  SESSION_MAX: "set sessionMax",
  MCP_AUTH_TOKEN: "remove it; only the gateway knows tokens",
};

/** Environment variables of servers: none of the platform's own, no secrets. */
export function envRules({ file }: RuleInput): readonly Finding[] {
  return [
    ...check(file.serverDefaults.env, ["serverDefaults", "env"]),
    ...file.servers.flatMap((server, index) => check(server.env ?? {}, ["servers", index, "env"])),
  ];
}

function check(env: Readonly<Record<string, string>>, at: Path): readonly Finding[] {
  return Object.entries(env).flatMap(([name, value]) => {
    const why = whyRefused(name, value);
    return why === undefined ? [] : [{ at: [...at, name], ...why, atKey: true }];
  });
}

function whyRefused(name: string, value: string): Pick<Finding, "allowed" | "fix"> | undefined {
  const instead = Object.hasOwn(reserved, name) ? reserved[name] : undefined;
  if (instead !== undefined) {
    return { allowed: "the platform sets this variable", fix: instead };
  }
  if (/^(DATABASE_|PG[A-Z]+$)/.test(name)) {
    return {
      allowed: "the platform sets the variables of the database",
      fix: "remove it; every server gets its own login through the pooler, its password in a file",
    };
  }
  if (isSecretName(name) || holdsSecret(value)) {
    return {
      allowed:
        "looks like a secret (value not shown), and everybody who may inspect containers reads the environment",
      fix: `put the secret into a file of your image or a volume and name the file in ${name.replace(/_FILE$/, "")}_FILE`,
    };
  }
  return undefined;
}
