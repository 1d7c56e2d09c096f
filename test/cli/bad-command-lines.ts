import type { BadCase } from "./bad-fleets.ts";

const up = ["up", "--stack", "{stack}"];

/** Command lines and environments that are refused before anything is asked of Docker or Pulumi. */
export const badCommandLines: readonly BadCase[] = [
  {
    name: "unknown command",
    args: ["deploy"],
    code: 2,
    says: [
      "fleet deploy: no such command; known here: up, preview, render, dashboards, status, history, rollback, recover, health, outputs, images, config, doctor, destroy, test; see ./fleet --help",
    ],
  },
  {
    name: "unknown option",
    args: ["up", "--force"],
    code: 2,
    says: [
      "fleet up --force: no such option; known here: --stack, --json, --yes, --set, --keep-failed; see ./fleet up --help",
    ],
  },
  {
    name: "one argument too many",
    args: ["up", "staging"],
    code: 2,
    says: ['fleet up: got "staging"; it takes options only; see ./fleet up --help'],
  },
  {
    name: "render without --out",
    args: ["render"],
    code: 2,
    says: ["fleet render --out <dir>: missing; it is required; see ./fleet render --help"],
  },
  {
    name: "option without its value",
    args: ["up", "--stack"],
    code: 2,
    says: ["fleet up --stack <name>: it needs a value; see ./fleet up --help"],
  },
  {
    name: "config without an action",
    args: ["config"],
    code: 2,
    says: ["fleet config action: missing; it is required; see ./fleet config --help"],
  },
  {
    name: "unknown action of config",
    args: ["config", "lint"],
    code: 2,
    says: [
      'fleet config: got "lint"; actions are validate, schema, show; see ./fleet config --help',
    ],
  },
  {
    name: "unknown suite",
    args: ["test", "--only", "e2e"],
    code: 2,
    says: [
      'fleet test --only: got "e2e"; suites are static, unit, toolchain, artefacts, containers, cli, engine, docker, drills, alerts, kubernetes; name one of them, or none for all',
    ],
  },
  {
    name: "stack name with capitals",
    args: ["up", "--stack", "Staging"],
    code: 2,
    says: [
      '--stack: got "Staging"; allowed are lower-case letters, digits and dashes, at most 31 characters; choose a name like staging',
    ],
  },
  {
    name: "stack name that leads elsewhere",
    args: ["destroy", "--stack", "../staging"],
    code: 2,
    says: [
      '--stack: got "../staging"; allowed are lower-case letters, digits and dashes, at most 31 characters; choose a name like staging',
    ],
  },
  {
    name: "--set without =",
    args: [...up, "--set", "gateway.port"],
    code: 1,
    says: [
      "fleet fleets/writing.yaml has 1 problem(s):",
      '  --set: got "gateway.port"; path=value, as in --set servers.scene.image=registry.example/scene:1',
    ],
  },
  {
    name: "--set of an unknown path",
    args: [...up, "--set", "servers.sceen.port=3020"],
    code: 1,
    says: [
      "fleet fleets/writing.yaml has 1 problem(s):",
      "  servers.sceen: no such entry in servers; did you mean scene? Known here: book-planning, series-planning, chapter-planning, character-planning, scene, core-continuity, review, reporting, author, database-admin (--set)",
    ],
  },
  {
    name: "--set of a wrong value",
    args: [...up, "--set", "gateway.port=eighty"],
    code: 1,
    says: [
      "fleet fleets/writing.yaml has 1 problem(s):",
      '  gateway.port: got "eighty"; a whole number from 1024 to 65535 (--set)',
    ],
  },
  {
    name: "--set of a privileged port, and of one that is taken",
    args: [...up, "--set", "gateway.port=443", "--set", "monitoring.prometheus.port=3004"],
    code: 1,
    says: [
      "fleet fleets/writing.yaml has 2 problem(s):",
      "  gateway.port: got 443; ports below 1024 need root; pick 1024-65535 (--set)",
      "  servers.character-planning.port: got 3004; port 3004 of the host is already taken by prometheus; a free one is 3011, or change gateway.serverPortOffset (fleets/writing.yaml:41:11)",
    ],
  },
  {
    name: "unknown values in the environment, all at once",
    args: up,
    env: { LOG_LEVEL: "loud", LOG_FORMAT: "xml", PGBOUNCER_DEFAULT_POOL_SIZE: "many" },
    code: 1,
    says: [
      "fleet fleets/writing.yaml has 3 problem(s):",
      '  logging.level: got "loud"; debug, info, warn or error (environment LOG_LEVEL)',
      '  logging.format: got "xml"; json or text (environment LOG_FORMAT)',
      '  pgbouncer.defaultPoolSize: got "many"; allowed: a whole number from 1 to 10000 (environment PGBOUNCER_DEFAULT_POOL_SIZE)',
    ],
  },
  {
    name: "short MCP_AUTH_TOKEN",
    args: up,
    env: { MCP_AUTH_TOKEN: "hunter2-hunter2-hunter2" },
    code: 1,
    says: [
      "fleet fleets/writing.yaml has 1 problem(s):",
      "  MCP_AUTH_TOKEN: got a value that is not shown; 23 characters; at least 32 are needed, make one with: openssl rand -hex 32 (environment MCP_AUTH_TOKEN)",
    ],
  },
  {
    name: "MCP_AUTH_TOKEN from an example",
    args: up,
    env: { MCP_AUTH_TOKEN: "changeme-changeme-changeme-changeme" },
    code: 1,
    says: [
      "fleet fleets/writing.yaml has 1 problem(s):",
      "  MCP_AUTH_TOKEN: got a value that is not shown; this is a sample value; make a token with: openssl rand -hex 32 (environment MCP_AUTH_TOKEN)",
    ],
  },
  {
    name: "--out below a file",
    args: ["render", "--stack", "{stack}", "--out", "{dir}/a-file/out"],
    code: 1,
    says: [
      "--out: ENOTDIR: not a directory, mkdir '{dir}/a-file/out/gateway'; name a directory that can be written",
    ],
  },
  {
    name: "problems of environment, command line and stack together",
    args: [...up, "--set", "nothing"],
    env: { LOG_LEVEL: "loud", MCP_AUTH_TOKEN: "short" },
    stackFile: "config:\n  mcp-fleet:platform: nomad\n",
    code: 1,
    says: [
      "fleet fleets/writing.yaml has 4 problem(s):",
      '  mcp-fleet:platform: got "nomad"; docker or kubernetes (Pulumi.{stack}.yaml:2:3)',
      "  MCP_AUTH_TOKEN: got a value that is not shown; 5 characters; at least 32 are needed, make one with: openssl rand -hex 32 (environment MCP_AUTH_TOKEN)",
      '  --set: got "nothing"; path=value, as in --set servers.scene.image=registry.example/scene:1',
      '  logging.level: got "loud"; debug, info, warn or error (environment LOG_LEVEL)',
    ],
  },
];
