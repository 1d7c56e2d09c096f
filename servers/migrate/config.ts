import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod";
import { ConfigError } from "../config.ts";

const tlsModes = ["disable", "require", "verify-ca", "verify-full"] as const;

/** As libpq's `sslmode`. */
export interface MigrateTls {
  readonly mode: Exclude<(typeof tlsModes)[number], "disable">;
  /** Certificates in PEM form that vouch for the server. */
  readonly ca?: string;
}

/** Where the job connects and what it is told. Secrets are named by file, never by value. */
export interface MigrateConfig {
  readonly database: {
    readonly host: string;
    readonly port: number;
    readonly name: string;
    readonly user: string;
    readonly passwordFile: string;
    /** Absent: plain text. */
    readonly tls?: MigrateTls;
  };
  /** Longest wait for the database to answer. Milliseconds. */
  readonly waitMs: number;
  readonly roles: RolesSpec;
  /** Password of each login role, by role name. */
  readonly passwords: ReadonlyMap<string, string>;
}

const identifier = z
  .string()
  .regex(/^[a-z_][a-z0-9_]*$/, "use lower-case letters, digits and '_'")
  .refine((name) => !name.startsWith("pg_"), "names that start with pg_ belong to PostgreSQL");

const serverRoles = z.strictObject({
  name: z.string().regex(/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/, "use lower-case words joined by '-'"),
  schema: identifier.max(57, "at most 57 characters, so that role suffixes still fit into 63"),
  /** Tool set whose migrations apply; the name of the server unless it borrows another's. */
  domain: z.string().optional(),
  /**
   * Login of the pair that servers of this release use. Both may log in all the same: until the
   * release before is gone, its servers use the other one.
   */
  activeLogin: z.enum(["a", "b"], "use a or b").default("a"),
  connectionLimit: z.int().min(1).max(1000).default(20),
  statementTimeoutSeconds: z.int().min(1).max(3600).default(30),
});

const rolesSpec = z
  .strictObject({
    servers: z.array(serverRoles).min(1),
    exporterRole: identifier.default("postgres_exporter"),
    lookupRole: identifier.default("pgbouncer_auth"),
    /** For a server that was not made from our image: the job makes what that brings along. */
    prepare: z
      .strictObject({
        /** Connections that the fleet may open, all together; the server has to have room for them. */
        connections: z.int().min(1),
      })
      .optional(),
  })
  .superRefine(({ servers }, context) => {
    for (const key of ["name", "schema"] as const) {
      const seen = new Map<string, number>();
      servers.forEach((server, index) => {
        const first = seen.get(server[key]);
        if (first === undefined) seen.set(server[key], index);
        else {
          context.addIssue({
            code: "custom",
            path: ["servers", index, key],
            message: `${JSON.stringify(server[key])} is already used by servers[${first}]`,
          });
        }
      });
    }
  });

export type RolesSpec = z.output<typeof rolesSpec>;
export type ServerRoles = RolesSpec["servers"][number];

/** Login roles of a spec: each needs a password file of the same name. */
export function loginRoles(spec: RolesSpec): string[] {
  const pairs = spec.servers.flatMap(({ schema }) => [`${schema}_a`, `${schema}_b`]);
  return [...pairs, spec.exporterRole, spec.lookupRole];
}

/** @throws ConfigError naming every problem of the environment, the roles file and the passwords. */
export function parseMigrateConfig(
  env: Readonly<Record<string, string | undefined>>,
): MigrateConfig {
  const problems: string[] = [];
  const text = (key: string, fallback?: string): string => {
    const value = env[key] === undefined || env[key] === "" ? fallback : env[key];
    if (value === undefined) problems.push(`${key}: not set; it is required`);
    return value ?? "";
  };
  const whole = (key: string, fallback: number, min: number, max: number): number => {
    const value = text(key, String(fallback));
    const number = /^\d{1,9}$/.test(value) ? Number(value) : NaN;
    if (number >= min && number <= max) return number;
    problems.push(`${key}: got ${JSON.stringify(value)}; use a whole number ${min}-${max}`);
    return fallback;
  };
  const database = {
    host: text("DATABASE_HOST"),
    port: whole("DATABASE_PORT", 5432, 1, 65_535),
    name: text("DATABASE_NAME", "mcp_series"),
    user: text("DATABASE_USER", "writer"),
    passwordFile: text("DATABASE_PASSWORD_FILE"),
  };
  const tls = readTls(text("DATABASE_TLS_MODE", "disable"), env["DATABASE_TLS_CA_FILE"], problems);
  const waitMs = whole("WAIT_SECONDS", 60, 0, 3600) * 1000;
  if (database.passwordFile) readText(database.passwordFile, "DATABASE_PASSWORD_FILE", problems);
  const roles = readRoles(text("ROLES_FILE"), problems);
  const passwords = readPasswords(text("ROLE_PASSWORDS_DIR"), roles, problems);
  if (problems.length > 0 || !roles) throw new ConfigError("migration config", problems);
  return { database: { ...database, ...(tls && { tls }) }, waitMs, roles, passwords };
}

function readTls(
  mode: string,
  file: string | undefined,
  problems: string[],
): MigrateTls | undefined {
  const known = tlsModes.find((name) => name === mode);
  if (known === undefined) {
    problems.push(
      `DATABASE_TLS_MODE: got ${JSON.stringify(mode)}; use one of ${tlsModes.join(", ")}`,
    );
  }
  const ca = file ? readText(file, "DATABASE_TLS_CA_FILE", problems) : undefined;
  if (known?.startsWith("verify-") && !file) {
    problems.push(`DATABASE_TLS_CA_FILE: not set; ${known} needs it`);
  }
  return known === undefined || known === "disable"
    ? undefined
    : { mode: known, ...(ca !== undefined && { ca }) };
}

function readRoles(path: string, problems: string[]): RolesSpec | undefined {
  const content = path && readText(path, "ROLES_FILE", problems);
  if (!content) return undefined;
  let json: unknown;
  try {
    json = JSON.parse(content);
  } catch {
    problems.push(`ROLES_FILE: ${path} is not JSON`);
    return undefined;
  }
  const parsed = rolesSpec.safeParse(json);
  for (const issue of parsed.error?.issues ?? []) {
    problems.push(`ROLES_FILE: ${issue.path.join(".")}: ${issue.message}`);
  }
  return parsed.data;
}

/** Shorter ones could be guessed; ours are generated. */
const MIN_PASSWORD = 16;

function readPasswords(
  folder: string,
  roles: RolesSpec | undefined,
  problems: string[],
): Map<string, string> {
  const passwords = new Map<string, string>();
  if (!folder || !roles) return passwords;
  let present: Set<string>;
  try {
    present = new Set(readdirSync(folder));
  } catch {
    problems.push(`ROLE_PASSWORDS_DIR: ${folder} cannot be read`);
    return passwords;
  }
  for (const role of loginRoles(roles)) {
    if (!present.has(role)) {
      problems.push(`ROLE_PASSWORDS_DIR: ${folder} has no file ${role}`);
      continue;
    }
    const password = readText(join(folder, role), "ROLE_PASSWORDS_DIR", problems)?.replace(
      /\r?\n$/,
      "",
    );
    if (password === undefined) continue;
    if (password.length < MIN_PASSWORD) {
      problems.push(
        `ROLE_PASSWORDS_DIR: the password in ${role} is shorter than ${MIN_PASSWORD} characters`,
      );
    }
    passwords.set(role, password);
  }
  return passwords;
}

function readText(path: string, key: string, problems: string[]): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    const reason =
      error instanceof Error && "code" in error ? String(error.code) : "unknown reason";
    problems.push(`${key}: ${path} cannot be read (${reason})`);
    return undefined;
  }
}
