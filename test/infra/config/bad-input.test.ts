import { describe, expect, it } from "vitest";
import { fleet, problemsOf, server } from "./fixture.ts";

describe("all at once", () => {
  it("lists all thirteen problems of a file, of schema and rules together, in one error", () => {
    const text = [
      "name: Bad Name",
      "servers:",
      "  - {name: scene, port: 80}",
      "  - {name: review, port: 3002, dependsOn: [nobody]}",
      "  - {name: review, port: 3003}",
      "  - {name: author, port: 3002}",
      "  - {port: 3009, domain: reporting, env: {API_TOKEN: abc}}",
      "postgres: {fsync: off, max_connections: 5, sharedBuffers: 1GB}",
      "pgbouncer: {maxDbConnections: 400}",
      "gateway: {port: 9090, bind: localhost}",
      "",
    ].join("\n");
    expect(
      problemsOf(text)
        .map((problem) => problem.path)
        .sort(),
    ).toEqual(
      [
        "name",
        "servers.scene.port",
        "servers[4].name",
        "servers[1].dependsOn[0]",
        "servers[2].name",
        "servers.author.port",
        "servers[4].env.API_TOKEN",
        "postgres.fsync",
        "postgres.max_connections",
        "postgres.memoryMb",
        "postgres.maxConnections",
        "monitoring.prometheus.port",
        "gateway.bind",
      ].sort(),
    );
  });

  it("reports a file's and a command's problems together", () => {
    const paths = problemsOf(fleet("postgres: {fsync: off}"), {
      sets: ["servers.nobody.port=1", "bare"],
      env: { LOG_FORMAT: "xml", MCP_AUTH_TOKEN: "x" },
      stack: { "gateway.port": 1 },
    }).map((problem) => problem.path);
    expect(paths).toEqual([
      "MCP_AUTH_TOKEN",
      "--set",
      "servers.nobody",
      "logging.format",
      "postgres.fsync",
      "gateway.port",
    ]);
  });
});

describe("secrets", () => {
  it.each([
    ["as a port", server("name: scene", "port: ghp_0123456789abcdefghijABCDEFGHIJ012345")],
    [
      "as an image",
      server("name: scene", "port: 3001", "image: 'sk-live-0123456789abcdefghijABCDEFGH'"),
    ],
    ["as an unknown key's value", fleet("password: hunter2hunter2hunter2")],
    ["as a key", fleet("0123456789abcdefghijABCDEFGHIJ012345: 1")],
    ["in env", server("name: scene", "port: 3001", "env: {GREETING: [hunter2hunter2hunter2]}")],
    ["in a broken line", "name: test\npassword: 'hunter2hunter2hunter2\n"],
  ])("are not in the message: %s", (_, text) => {
    const problems = problemsOf(text);
    expect(problems.length).toBeGreaterThan(0);
    expect(JSON.stringify(problems)).not.toMatch(/hunter2|0123456789abcdef/);
  });

  it("are not in the message: --set", () => {
    const problems = problemsOf(fleet(), {
      sets: [
        "0123456789abcdefghijABCDEFGHIJ",
        "servers.scene.env.PASSWORD=hunter2",
        "token=hunter2",
        "gateway.bind=hunter2:hunter2://a:hunter2@b",
      ],
      env: { MCP_AUTH_TOKEN: "hunter2 hunter2 hunter2 hunter2 hunter2 hunter2" },
    });
    expect(problems).toHaveLength(5);
    expect(JSON.stringify(problems)).not.toMatch(/hunter2|0123456789abcdef/);
  });
});
