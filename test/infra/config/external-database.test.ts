import { describe, expect, it } from "vitest";
import { checkDatabasePassword, loadFleet } from "../../../infra/config/index.ts";
import { certificate } from "../../components/database/certificate.ts";
import { testCases, type Case } from "./bad-input-case.ts";
import { fleet, load, problemsOf, projectWith } from "./fixture.ts";

const external = (more: object = {}, beside: object = {}) =>
  fleet(
    `postgres: ${JSON.stringify({
      external: { host: "db.example.com", tls: { ca: certificate }, ...more },
      ...beside,
    })}`,
  );

const cases: readonly Case[] = [
  {
    name: "host with a port",
    text: external({ host: "db.example.com:5432" }),
    path: "postgres.external.host",
    says: ["without port"],
  },
  {
    name: "unknown mode",
    text: external({ tls: { mode: "prefer", ca: certificate } }),
    path: "postgres.external.tls.mode",
    says: ['got "prefer"', "verify-full, verify-ca, require or disable"],
  },
  {
    name: "no certificates to verify by",
    text: external({ tls: {} }),
    path: "postgres.external.tls.ca",
    says: ["missing", "verify-full needs"],
  },
  {
    name: "certificates that nobody looks at",
    text: external({ tls: { mode: "require", ca: certificate } }),
    path: "postgres.external.tls.mode",
    says: ['got "require"', "nobody looks at them"],
  },
  {
    name: "a broken certificate",
    text: external({ tls: { ca: certificate.replace("MII", "MI") } }),
    path: "postgres.external.tls.ca",
    says: ["PEM form"],
  },
  {
    name: "a key among the certificates",
    text: external({ tls: { ca: `${certificate}-----BEGIN PRIVATE KEY-----\nabc\n` } }),
    path: "postgres.external.tls.ca",
    says: ["without keys"],
  },
  {
    name: "no address block",
    text: external({ cidrs: ["db.example.com"] }),
    path: "postgres.external.cidrs[0]",
    says: ["an address block"],
  },
  {
    name: "a password in the file",
    text: external({ password: "hunter2" }),
    path: "postgres.external.password",
    says: ["unknown setting"],
  },
  {
    name: "a setting of our own server",
    text: external({}, { sharedBuffers: "512MB" }),
    path: "postgres.sharedBuffers",
    says: ['got 512MB|"512MB"', "a setting of our own server", "remove it here"],
  },
  {
    name: "a setting of our own server, in the environment",
    text: external(),
    with: { env: { POSTGRES_SHARED_BUFFERS: "512MB" } },
    path: "postgres.sharedBuffers",
    says: ["a setting of our own server"],
  },
];

describe("postgres.external refuses", () => testCases(cases));

describe("postgres.external", () => {
  it("verifies the server unless told otherwise, and takes a first role called postgres", () => {
    const { postgres } = load(external({}, { owner: "postgres", name: "fleet" })).fleet;
    expect(postgres.external).toEqual({
      host: "db.example.com",
      port: 5432,
      tls: { mode: "verify-full", ca: certificate },
      cidrs: ["0.0.0.0/0", "::/0"],
    });
  });

  it("fits a file that spells out defaults of our own server", () => {
    expect(problemsOf(external({}, { fsync: "on", sharedBuffers: "256MB" }))).toEqual([]);
  });

  it("leaves the room for connections to the server, which knows it", () => {
    expect(problemsOf(external({}, { directConnections: 200 }))).toEqual([]);
  });

  it("needs a password that the stack has", () => {
    const withPassword = (hasDatabasePassword: boolean) => () =>
      loadFleet({
        ...{ fleetPath: "fleets/test.yaml", env: {}, sets: [], hasDatabasePassword },
        rootDir: projectWith(external()),
      });
    expect(withPassword(true)).not.toThrow();
    expect(withPassword(false)).toThrow(
      /postgres\.external: got db\.example\.com; .* migrations log in as writer; pulumi config set --secret mcp-fleet:databasePassword/,
    );
  });
});

it("tells passwords that cannot travel", () => {
  expect(checkDatabasePassword("correct horse")).toBeUndefined();
  for (const wrong of ["", "two\nlines", "x".repeat(1025)]) {
    expect(checkDatabasePassword(wrong)).toContain("1 to 1024 characters");
  }
});
