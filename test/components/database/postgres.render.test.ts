import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  postgresArguments,
  postgresFiles,
  quoteHba,
  quoteSetting,
  renderPgHba,
} from "../../../components/database/postgres.render.ts";
import { postgresSchema, type PostgresSpec } from "../../../components/database/postgres.schema.ts";

const spec = (given: object = {}): PostgresSpec => postgresSchema.parse(given);

/** Reads `name = 'value'` lines as the server does. */
function parseSettings(text: string): Record<string, string> {
  return Object.fromEntries(
    text
      .split("\n")
      .filter((line) => line && !line.startsWith("#"))
      .map((line) => {
        const [, name, quoted] = /^([a-z_.]+) = '(.*)'$/.exec(line) ?? [];
        if (name === undefined || quoted === undefined) throw new Error(`no setting: ${line}`);
        return [name, unquote(quoted)];
      }),
  );
}

/** Within quotes, a doubled quote or backslash stands for one. */
function unquote(text: string): string {
  return text.replace(/''|\\\\/g, (pair) => pair[0]!);
}

/** `-c name=value` pairs. */
function parseArguments(args: readonly string[]): Record<string, string> {
  const found: Record<string, string> = {};
  for (let at = 0; at < args.length; at += 2) {
    expect(args[at]).toBe("-c");
    const [, name, value] = /^([a-z_]+)=(.*)$/.exec(args[at + 1]!)!;
    found[name!] = value!;
  }
  return found;
}

describe("postgresArguments", () => {
  it("holds what only a restart changes", () => {
    expect(parseArguments(postgresArguments(spec({ sharedBuffers: "512MB" })))).toEqual({
      listen_addresses: "*",
      port: "5432",
      unix_socket_directories: "/run/postgresql",
      max_connections: "200",
      superuser_reserved_connections: "3",
      shared_buffers: "512MB",
      wal_buffers: "16MB",
      max_worker_processes: "4",
      huge_pages: "off",
    });
  });

  it("shares no setting with the file, where it would be ignored", () => {
    const inFile = Object.keys(parseSettings(postgresFiles(spec())["postgresql.conf"]));
    const inCommand = Object.keys(parseArguments(postgresArguments(spec())));
    expect(inFile.filter((name) => inCommand.includes(name))).toEqual([]);
  });
});

describe("postgresql.conf", () => {
  it("carries the figures of the spec", () => {
    const settings = parseSettings(
      postgresFiles(spec({ effectiveCacheSize: "2GB", checkpointCompletionTarget: 0.8 }))[
        "postgresql.conf"
      ],
    );
    expect(settings).toMatchObject({
      effective_cache_size: "2GB",
      maintenance_work_mem: "128MB",
      work_mem: "4MB",
      effective_io_concurrency: "200",
      max_parallel_workers_per_gather: "2",
      checkpoint_completion_target: "0.8",
      fsync: "on",
      full_page_writes: "on",
      synchronous_commit: "on",
      password_encryption: "scram-sha-256",
      log_statement: "none",
      log_min_duration_statement: "1s",
      log_parameter_max_length: "0",
      log_parameter_max_length_on_error: "0",
    });
  });

  it.each([
    ["a setting", { workMem: "8MB" }],
    ["the database in pg_hba.conf", { name: "other" }],
  ])("has another revision after a change of %s", (_what, change) => {
    const revision = (given: object) =>
      parseSettings(postgresFiles(spec(given))["postgresql.conf"])["mcp_fleet.revision"];
    expect(revision(change)).not.toBe(revision({}));
  });

  it("is the same text every time, and not touched by restart settings", () => {
    expect(postgresFiles(spec())).toEqual(postgresFiles(spec()));
    expect(postgresFiles(spec({ sharedBuffers: "512MB" }))).toEqual(postgresFiles(spec()));
  });

  it("quotes any value so that it reads back the same", () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom("'", "\\", "a", " ", "#", "=") }), (value) => {
        expect(parseSettings(`x = ${quoteSetting(value)}`)["x"]).toBe(value);
      }),
    );
  });
});

describe("pg_hba.conf", () => {
  const rows = renderPgHba("mcp_series")
    .split("\n")
    .filter((line) => line && !line.startsWith("#"))
    .map((line) => line.split(" "));

  it("lets the superuser in by the socket only", () => {
    expect(rows[0]).toEqual(["local", "all", "postgres", "peer"]);
    expect(rows[1]).toEqual(["host", "all", "postgres", "all", "reject"]);
  });

  it("lets others in only from private networks, to the one database, by SCRAM", () => {
    const allowed = rows.filter((row) => row.at(-1) !== "reject" && row[2] !== "postgres");
    expect(allowed.map((row) => row[3])).toEqual([
      "10.0.0.0/8",
      "100.64.0.0/10",
      "172.16.0.0/12",
      "192.168.0.0/16",
      "fc00::/7",
    ]);
    for (const [type, database, user, , method] of allowed) {
      expect([type, database, user, method]).toEqual([
        "host",
        '"mcp_series"',
        "all",
        "scram-sha-256",
      ]);
    }
  });

  it("ends by refusing everybody else, replication included", () => {
    expect(rows.slice(-4)).toEqual([
      ["local", "all", "all", "reject"],
      ["host", "all", "all", "all", "reject"],
      ["local", "replication", "all", "reject"],
      ["host", "replication", "all", "all", "reject"],
    ]);
  });

  it("quotes names, so that no name means something else", () => {
    expect(quoteHba("all")).toBe('"all"');
    expect(quoteHba('a"b')).toBe('"a""b"');
  });
});
