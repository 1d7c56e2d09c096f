import { describe, expect, it } from "vitest";
import { ConfigError, parseConfig } from "../../servers/config.ts";
import { DOMAIN_NAMES } from "../../servers/domains/names.ts";

const good = {
  SERVER_NAME: "book-planning",
  PORT: "3001",
  DATABASE_HOST: "pgbouncer",
  DATABASE_USER: "book_planning_a",
  DATABASE_PASSWORD_FILE: "/run/secrets/database",
};

const readable = (): undefined => undefined;

function problemsOf(
  env: Record<string, string>,
  base: Record<string, string> = good,
): readonly string[] {
  try {
    parseConfig({ ...base, ...env }, readable);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

describe("parseConfig", () => {
  it("fills in every default", () => {
    expect(parseConfig(good, readable)).toEqual({
      name: "book-planning",
      domain: "book-planning",
      host: "0.0.0.0",
      port: 3001,
      metricsPort: 9464,
      database: {
        host: "pgbouncer",
        port: 6432,
        name: "mcp_series",
        user: "book_planning_a",
        passwordFile: "/run/secrets/database",
        poolSize: 10,
        schema: "book_planning",
      },
      logLevel: "info",
      logFormat: "json",
      nodeEnv: "production",
      environment: "production",
      release: "unreleased",
      sessionIdleMs: 1_800_000,
      sessionMax: 1000,
      drainMs: 30_000,
      requestTimeoutMs: 60_000,
      allowedHosts: [],
      allowedOrigins: [],
      fault: { kind: "none" },
    });
  });

  it.each(DOMAIN_NAMES)("accepts the domain %s", (name) => {
    expect(parseConfig({ ...good, SERVER_NAME: name }, readable).domain).toBe(name);
  });

  it("serves a known domain under another name", () => {
    const config = parseConfig({ ...good, SERVER_NAME: "npe", SERVER_DOMAIN: "scene" }, readable);
    expect(config).toMatchObject({ name: "npe", domain: "scene", database: { schema: "npe" } });
  });

  it("takes an empty value for one that is not set", () => {
    expect(parseConfig({ ...good, FAULT: "", LOG_LEVEL: "" }, readable)).toMatchObject({
      logLevel: "info",
    });
  });

  it.each([
    [{ PORT: "80" }, 'PORT: got "80"; use a whole number 1024-65535'],
    [{ PORT: "3001.5" }, 'PORT: got "3001.5"; use a whole number 1024-65535'],
    [{ METRICS_PORT: "3001" }, "METRICS_PORT: got 3001; PORT has the same number, choose another"],
    [{ DATABASE_PORT: "0" }, 'DATABASE_PORT: got "0"; use a whole number 1-65535'],
    [{ DATABASE_POOL_SIZE: "201" }, 'DATABASE_POOL_SIZE: got "201"; use a whole number 1-200'],
    [{ DATABASE_HOST: "a b" }, 'DATABASE_HOST: got "a b"; use a host name or an address'],
    [
      { DATABASE_PASSWORD_FILE: "pw" },
      'DATABASE_PASSWORD_FILE: got "pw"; use the absolute path of a file',
    ],
    [{ LOG_LEVEL: "INFO" }, 'LOG_LEVEL: got "INFO"; use one of debug, info, warn, error'],
    [{ LOG_FORMAT: "xml" }, 'LOG_FORMAT: got "xml"; use one of json, text'],
    [
      { SESSION_IDLE_SECONDS: "-1" },
      'SESSION_IDLE_SECONDS: got "-1"; use a whole number 1-86400 seconds',
    ],
    [
      { DATABASE_SCHEMA: "Book" },
      `DATABASE_SCHEMA: got "Book"; use lower-case letters, digits and '_', as in book_planning`,
    ],
    [{ RELEASE: "a b" }, 'RELEASE: got "a b"; use letters, digits and . _ + : / -'],
    [
      { FAULT: "boom" },
      'FAULT: got "boom"; use exit, unready, no-mcp, slow:<ms> (0-600000) or fail:<ratio> (0-1); unset it for normal work',
    ],
    [
      { SERVER_DOMAIN: "npe" },
      `SERVER_DOMAIN: got "npe"; the tool sets are ${DOMAIN_NAMES.join(", ")}; choose one of them`,
    ],
    [
      { SERVER_NAME: "npe" },
      `SERVER_NAME: got "npe"; the tool sets are ${DOMAIN_NAMES.join(", ")}; or keep the name and set SERVER_DOMAIN to one of them`,
    ],
  ])("refuses %j", (env, problem) => {
    expect(problemsOf(env)).toEqual([problem]);
  });

  it("names every problem at once", () => {
    const problems = problemsOf({ PORT: "x", LOG_LEVEL: "y", DATABASE_POOL_SIZE: "z" }, {});
    expect(problems.map((problem) => problem.split(":")[0]).sort()).toEqual([
      "DATABASE_HOST",
      "DATABASE_PASSWORD_FILE",
      "DATABASE_POOL_SIZE",
      "DATABASE_USER",
      "LOG_LEVEL",
      "PORT",
      "SERVER_NAME",
    ]);
  });

  it.each(["DATABASE_PASSWORD", "DATABASE_URL", "PGPASSWORD"])(
    "refuses %s without showing it",
    (key) => {
      const problems = problemsOf({ [key]: "hunter2-hunter2" });
      expect(problems).toHaveLength(1);
      expect(problems[0]).toMatch(new RegExp(`^${key}: is set \\(value not shown\\)`));
    },
  );

  it("says why the password file cannot be read", () => {
    expect(() => parseConfig(good, () => "EACCES")).toThrow(
      'DATABASE_PASSWORD_FILE: got "/run/secrets/database"; cannot be read (EACCES)',
    );
  });
});
