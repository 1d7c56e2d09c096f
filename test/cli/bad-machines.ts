import type { BadCase } from "./bad-fleets.ts";

/** A case whose answer comes from the machine: Docker, Pulumi, disk, passphrase, backend. */
export interface BadMachineCase extends BadCase {
  /** The case's stack exists, with a secret, made with the passphrase `right`. */
  readonly existing?: boolean;
  /** Its secret `mcp-fleet:tokens`. Default: `{}`. */
  readonly tokens?: string;
}

const up = ["up", "--stack", "{stack}"];

export const badMachines: readonly BadMachineCase[] = [
  {
    name: "engine gone",
    args: up,
    env: { DOCKER_HOST: "unix:///nonexistent/docker.sock", PULUMI_CONFIG_PASSPHRASE: "right" },
    code: 1,
    says: [
      "the toolchain has 1 problem(s):",
      "  docker engine: unix:///nonexistent/docker.sock (DOCKER_HOST) does not answer: ENOENT; start that engine, or choose another (DOCKER_HOST, `docker context use`)",
    ],
  },
  {
    name: "no disk space",
    args: up,
    env: { FLEET_MIN_FREE_GB: "1000000", PULUMI_CONFIG_PASSPHRASE: "right" },
    code: 1,
    says: [
      "the toolchain has 1 problem(s):",
      "  disk: {data} has {free} GB free, 1000000 GB are needed; free some space (`docker system df` shows what images and volumes take), or set FLEET_MIN_FREE_GB",
    ],
  },
  {
    name: "passphrase file missing",
    args: up,
    env: { PULUMI_CONFIG_PASSPHRASE_FILE: "{dir}/no-such-file" },
    code: 1,
    says: [
      "the toolchain has 1 problem(s):",
      "  passphrase: {dir}/no-such-file (PULUMI_CONFIG_PASSPHRASE_FILE) does not exist; restore the file: without its passphrase the stack's secrets cannot be read",
    ],
  },
  {
    name: "passphrase file empty",
    args: up,
    env: { PULUMI_CONFIG_PASSPHRASE_FILE: "{dir}/empty" },
    code: 1,
    says: [
      "the toolchain has 1 problem(s):",
      "  passphrase: {dir}/empty (PULUMI_CONFIG_PASSPHRASE_FILE) is empty; restore the passphrase of the stack; if there is no stack yet, remove the file and a new one is made",
    ],
  },
  {
    name: "passphrase file that cannot be read",
    args: ["health", "--stack", "{stack}"],
    env: { PULUMI_CONFIG_PASSPHRASE_FILE: "{dir}/state" },
    code: 1,
    says: [
      "the toolchain has 1 problem(s):",
      "  passphrase: {dir}/state (PULUMI_CONFIG_PASSPHRASE_FILE) cannot be read (EISDIR); restore the file: without its passphrase the stack's secrets cannot be read",
    ],
  },
  {
    name: "engine gone and passphrase lost, in one message",
    args: up,
    env: {
      DOCKER_HOST: "unix:///nonexistent/docker.sock",
      PULUMI_CONFIG_PASSPHRASE_FILE: "{dir}/no-such-file",
    },
    code: 1,
    says: [
      "the toolchain has 2 problem(s):",
      "  docker engine: unix:///nonexistent/docker.sock (DOCKER_HOST) does not answer: ENOENT; start that engine, or choose another (DOCKER_HOST, `docker context use`)",
      "  passphrase: {dir}/no-such-file (PULUMI_CONFIG_PASSPHRASE_FILE) does not exist; restore the file: without its passphrase the stack's secrets cannot be read",
    ],
  },
  {
    name: "wrong passphrase on up",
    args: up,
    existing: true,
    env: { PULUMI_CONFIG_PASSPHRASE: "wrong-passphrase" },
    code: 1,
    says: [
      "passphrase: the one from PULUMI_CONFIG_PASSPHRASE does not open the secrets of stack {stack}; give the passphrase that the stack was made with, as PULUMI_CONFIG_PASSPHRASE or in the file that PULUMI_CONFIG_PASSPHRASE_FILE names",
    ],
  },
  {
    name: "wrong passphrase on destroy",
    args: ["destroy", "--stack", "{stack}"],
    existing: true,
    env: { PULUMI_CONFIG_PASSPHRASE: "wrong-passphrase" },
    code: 1,
    says: [
      "passphrase: the one from PULUMI_CONFIG_PASSPHRASE does not open the secrets of stack {stack}; give the passphrase that the stack was made with, as PULUMI_CONFIG_PASSPHRASE or in the file that PULUMI_CONFIG_PASSPHRASE_FILE names",
    ],
  },
  {
    name: "health of an unknown stack",
    args: ["health", "--stack", "{stack}"],
    env: { PULUMI_CONFIG_PASSPHRASE: "right" },
    code: 1,
    says: [
      "stack {stack} does not exist here (there is {others}); check --stack and PULUMI_BACKEND_URL, or create it: ./fleet up --stack {stack}",
    ],
  },
  {
    name: "destroy of an unknown stack",
    args: ["destroy", "--delete-data", "--stack", "{stack}"],
    env: { PULUMI_CONFIG_PASSPHRASE: "right" },
    code: 1,
    says: [
      "stack {stack} does not exist here (there is {others}); check --stack and PULUMI_BACKEND_URL, or create it: ./fleet up --stack {stack}",
    ],
  },
  {
    name: "health of a stack that was never deployed",
    args: ["health", "--stack", "{stack}"],
    existing: true,
    env: { PULUMI_CONFIG_PASSPHRASE: "right" },
    code: 1,
    says: ["stack {stack} has no live fleet; ./fleet up --stack {stack} deploys it"],
  },
  {
    name: "state backend that does not exist",
    args: ["outputs", "--stack", "{stack}"],
    env: {
      PULUMI_BACKEND_URL: "file:///nonexistent/state",
      PULUMI_CONFIG_PASSPHRASE: "right",
    },
    code: 1,
    says: [
      "state backend: PULUMI_BACKEND_URL=file:///nonexistent/state cannot be opened: stat /nonexistent/state: no such file or directory; make that directory, or name another backend (unset the variable for the local default)",
    ],
  },
  {
    name: "tokens that are too short, encrypted in the stack's file",
    args: ["preview", "--stack", "{stack}"],
    existing: true,
    tokens: `{"default":{"primary":"hunter2","backup":"hunter2"}}`,
    env: { PULUMI_CONFIG_PASSPHRASE: "right" },
    code: 1,
    says: [
      "preview failed:",
      "tokens has 2 problem(s):",
      "  mcp-fleet:tokens.default.primary: got a value that is not shown; 7 characters; at least 32 are needed, make one with: openssl rand -hex 32",
      "  mcp-fleet:tokens.default.backup: got a value that is not shown; 7 characters; at least 32 are needed, make one with: openssl rand -hex 32",
    ],
  },
  {
    name: "more CPUs than the engine has, in two places",
    args: [...up, "--set", "gateway.cpus=200", "--set", "servers.scene.cpus=100"],
    env: { PULUMI_CONFIG_PASSPHRASE: "right" },
    code: 1,
    says: [
      "this machine has 2 problem(s):",
      "  servers.scene.cpus: got 100, but the Docker engine has {cpus}; set it to {cpu} or less",
      "  gateway.cpus: got 200, but the Docker engine has {cpus}; set it to {cpu} or less",
    ],
  },
  {
    name: "an image that neither the engine nor its registry has, in two places",
    args: [
      ...up,
      ...["--set", "servers.scene.image=127.0.0.1:1/none:1"],
      ...["--set", "servers.review.image=127.0.0.1:1/none:1"],
    ],
    env: { PULUMI_CONFIG_PASSPHRASE: "right" },
    code: 1,
    says: [
      "this machine has 1 problem(s):",
      '  servers.scene.image, servers.review.image: got "127.0.0.1:1/none:1", which is not on the Docker engine, and its registry does not answer (Get "http://127.0.0.1:1/v2/": dial tcp 127.0.0.1:1: connect: connection refused); name one that can be had, or `docker load` it',
    ],
  },
  {
    name: "a port taken by another process",
    args: [...up, "--set", "gateway.port={port}"],
    env: { PULUMI_CONFIG_PASSPHRASE: "right" },
    code: 1,
    says: [
      "this machine has 1 problem(s):",
      "  gateway.port: port {port} of gateway on 127.0.0.1 is taken by {holder}; stop it or set another port",
    ],
  },
  {
    name: "a server's own port taken by another process",
    fleet: "name: test\nservers:\n  - name: scene\n    port: 3005\n",
    args: [...up, "--set=gateway.serverPorts=true", "--set=gateway.serverPortOffset={port-3005}"],
    env: { PULUMI_CONFIG_PASSPHRASE: "right" },
    code: 1,
    says: [
      "this machine has 1 problem(s):",
      "  servers.scene.port: port {port} of server scene on 127.0.0.1 is taken by {holder}; stop it or set another port, or gateway.serverPortOffset for all of them",
    ],
  },
];
