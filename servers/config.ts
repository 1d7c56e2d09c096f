import { accessSync, constants } from "node:fs";
import * as z from "zod";
import { DOMAIN_NAMES } from "./domains/names.ts";
import type { DomainName } from "./domains/names.ts";
import { FAULT_SYNTAX, parseFault } from "./faults.ts";
import type { Fault } from "./faults.ts";

/** Everything one server process needs to know, validated. Durations in milliseconds. */
export interface ServerConfig {
  /** Name in logs, metrics and health: the entry of the fleet file. */
  readonly name: string;
  /** Which of the ten tool sets is served. */
  readonly domain: DomainName;
  readonly host: string;
  /** MCP and health listen here. */
  readonly port: number;
  /** `/metrics` listens here, apart, so that network policy can tell the two apart. */
  readonly metricsPort: number;
  readonly database: DatabaseConfig;
  readonly logLevel: "debug" | "info" | "warn" | "error";
  readonly logFormat: "json" | "text";
  readonly nodeEnv: string;
  readonly environment: string;
  readonly release: string;
  readonly sessionIdleMs: number;
  readonly sessionMax: number;
  readonly drainMs: number;
  /** Longest time that one tool call may take. */
  readonly requestTimeoutMs: number;
  /** `Host` values (without port) that are served; empty: any, the gateway decides. */
  readonly allowedHosts: readonly string[];
  /** `Origin` host names that are served; empty: any, the gateway decides. */
  readonly allowedOrigins: readonly string[];
  readonly fault: Fault;
}

/** How the pooler (or the database itself) is reached. The password stays in its file. */
export interface DatabaseConfig {
  readonly host: string;
  readonly port: number;
  readonly name: string;
  readonly user: string;
  /** Read again for every new connection: a rotated password needs no restart. */
  readonly passwordFile: string;
  readonly poolSize: number;
  /** PostgreSQL schema that holds the tables of this server. */
  readonly schema: string;
}

/** Every problem of an environment, in one error. */
export class ConfigError extends Error {
  readonly problems: readonly string[];

  constructor(subject: string, problems: readonly string[]) {
    super(
      `${subject} has ${problems.length} problem(s):\n${problems.map((p) => `  ${p}`).join("\n")}`,
    );
    this.name = "ConfigError";
    this.problems = problems;
  }
}

const name = z
  .string()
  .regex(/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/, "use lower-case words joined by '-', as in book-planning")
  .max(40, "at most 40 characters");

const identifier = z
  .string()
  .regex(/^[a-z_][a-z0-9_]*$/, "use lower-case letters, digits and '_', as in book_planning")
  .max(59, "at most 59 characters, so that role suffixes still fit into 63");

const hostName = z
  .string()
  .regex(
    /^(?=.{1,253}$)[A-Za-z0-9_]([A-Za-z0-9_.:-]*[A-Za-z0-9])?$/,
    "use a host name or an address",
  );

function whole(min: number, max: number, unit = ""): z.ZodType<number, string | undefined> {
  const allowed = `use a whole number ${min}-${max}${unit}`;
  return z
    .string()
    .regex(/^\d{1,9}$/, allowed)
    .transform(Number)
    .refine((value) => value >= min && value <= max, allowed);
}

const label = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._+:/-]*$/, "use letters, digits and . _ + : / -")
  .max(128, "at most 128 characters");

const hostList = z
  .string()
  .regex(/^[A-Za-z0-9.[\]:_*/-]+(,[A-Za-z0-9.[\]:_*/-]+)*$/, "use host names joined by ','")
  .transform((text) => text.split(","));

function oneOf<const T extends readonly [string, ...string[]]>(
  values: T,
): z.ZodType<T[number], string> {
  return z.enum(values, `use one of ${values.join(", ")}`);
}

const environmentSchema = z.object({
  SERVER_NAME: name,
  SERVER_DOMAIN: name.optional(),
  HOST: hostName.default("0.0.0.0"),
  PORT: whole(1024, 65_535),
  METRICS_PORT: whole(1024, 65_535).default(9464),
  DATABASE_HOST: hostName,
  DATABASE_PORT: whole(1, 65_535).default(6432),
  DATABASE_NAME: identifier.default("mcp_series"),
  DATABASE_USER: identifier,
  DATABASE_PASSWORD_FILE: z.string().regex(/^\//, "use the absolute path of a file"),
  DATABASE_POOL_SIZE: whole(1, 200).default(10),
  DATABASE_SCHEMA: identifier.optional(),
  LOG_LEVEL: oneOf(["debug", "info", "warn", "error"]).default("info"),
  LOG_FORMAT: oneOf(["json", "text"]).default("json"),
  NODE_ENV: oneOf(["production", "staging", "development", "test"]).default("production"),
  ENVIRONMENT: label.optional(),
  RELEASE: label.default("unreleased"),
  SESSION_IDLE_SECONDS: whole(1, 86_400, " seconds").default(1800),
  SESSION_MAX: whole(1, 100_000).default(1000),
  DRAIN_SECONDS: whole(0, 3600, " seconds").default(30),
  REQUEST_TIMEOUT_SECONDS: whole(1, 3600, " seconds").default(60),
  ALLOWED_HOSTS: hostList.default([]),
  ALLOWED_ORIGINS: hostList.default([]),
  FAULT: z
    .string()
    .default("")
    .transform((text, context) => {
      const fault = parseFault(text);
      if (fault) return fault;
      context.addIssue({ code: "custom", message: `use ${FAULT_SYNTAX}` });
      return z.NEVER;
    }),
});

/** Names that would put a secret into the environment, where every inspect shows it. */
const FORBIDDEN = ["DATABASE_PASSWORD", "DATABASE_URL", "PGPASSWORD"] as const;

/**
 * Validates the environment of a server.
 *
 * @throws ConfigError naming every problem at once; values of forbidden variables are never shown.
 */
export function parseConfig(
  env: Readonly<Record<string, string | undefined>>,
  readable: (path: string) => string | undefined = whyUnreadable,
): ServerConfig {
  const problems: string[] = [];
  // An empty value is what a template leaves where a setting was not given.
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ""));
  for (const key of FORBIDDEN) {
    if (given[key] !== undefined) {
      problems.push(
        `${key}: is set (value not shown); write it to a file and name the file in DATABASE_PASSWORD_FILE`,
      );
    }
  }
  const parsed = environmentSchema.safeParse(given);
  for (const issue of parsed.error?.issues ?? []) {
    const key = String(issue.path[0]);
    const value = given[key];
    problems.push(
      value === undefined
        ? `${key}: not set; it is required`
        : `${key}: got ${quote(value)}; ${issue.message}`,
    );
  }
  const passwordFile = given["DATABASE_PASSWORD_FILE"];
  if (passwordFile?.startsWith("/")) {
    const reason = readable(passwordFile);
    if (reason)
      problems.push(
        `DATABASE_PASSWORD_FILE: got ${quote(passwordFile)}; cannot be read (${reason})`,
      );
  }
  const domain = given["SERVER_DOMAIN"] ?? given["SERVER_NAME"];
  if (domain !== undefined && !isDomain(domain)) {
    const key = given["SERVER_DOMAIN"] === undefined ? "SERVER_NAME" : "SERVER_DOMAIN";
    const fix =
      key === "SERVER_NAME"
        ? "or keep the name and set SERVER_DOMAIN to one of them"
        : "choose one of them";
    problems.push(
      `${key}: got ${quote(domain)}; the tool sets are ${DOMAIN_NAMES.join(", ")}; ${fix}`,
    );
  }
  if (parsed.data && parsed.data.PORT === parsed.data.METRICS_PORT) {
    problems.push(
      `METRICS_PORT: got ${parsed.data.METRICS_PORT}; PORT has the same number, choose another`,
    );
  }
  if (problems.length > 0 || !parsed.success || !isDomain(domain)) {
    throw new ConfigError("server config", problems);
  }
  const data = parsed.data;
  return {
    name: data.SERVER_NAME,
    domain,
    host: data.HOST,
    port: data.PORT,
    metricsPort: data.METRICS_PORT,
    database: {
      host: data.DATABASE_HOST,
      port: data.DATABASE_PORT,
      name: data.DATABASE_NAME,
      user: data.DATABASE_USER,
      passwordFile: data.DATABASE_PASSWORD_FILE,
      poolSize: data.DATABASE_POOL_SIZE,
      schema: data.DATABASE_SCHEMA ?? data.SERVER_NAME.replaceAll("-", "_"),
    },
    logLevel: data.LOG_LEVEL,
    logFormat: data.LOG_FORMAT,
    nodeEnv: data.NODE_ENV,
    environment: data.ENVIRONMENT ?? data.NODE_ENV,
    release: data.RELEASE,
    sessionIdleMs: data.SESSION_IDLE_SECONDS * 1000,
    sessionMax: data.SESSION_MAX,
    drainMs: data.DRAIN_SECONDS * 1000,
    requestTimeoutMs: data.REQUEST_TIMEOUT_SECONDS * 1000,
    allowedHosts: data.ALLOWED_HOSTS,
    allowedOrigins: data.ALLOWED_ORIGINS,
    fault: data.FAULT,
  };
}

function isDomain(value: string | undefined): value is DomainName {
  return DOMAIN_NAMES.some((known) => known === value);
}

function quote(value: string): string {
  return JSON.stringify(value.length > 80 ? `${value.slice(0, 77)}...` : value);
}

function whyUnreadable(path: string): string | undefined {
  try {
    accessSync(path, constants.R_OK);
    return undefined;
  } catch (error) {
    return error instanceof Error && "code" in error ? String(error.code) : "unknown reason";
  }
}
