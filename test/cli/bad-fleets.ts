/** A wrong command line, environment or file, and the whole answer to it. */
export interface BadCase {
  readonly name: string;
  /** `{dir}` is the sandbox, `{stack}` the case's own stack. */
  readonly args: readonly string[];
  /** Content of the fleet file that the stack names. Default: `fleets/writing.yaml` of the project. */
  readonly fleet?: string;
  /** Content of `Pulumi.<stack>.yaml`; takes precedence over `fleet`. */
  readonly stackFile?: string;
  /** Added to the environment; `{dir}` as in `args`. */
  readonly env?: Readonly<Record<string, string>>;
  readonly code: 1 | 2;
  /** Everything on standard error, line by line. Nothing may be on standard output. */
  readonly says: readonly string[];
}

/** A fleet of two servers, and further lines. */
function fleet(...lines: readonly string[]): string {
  return [
    "name: test",
    "servers:",
    "  - name: scene",
    "    port: 3001",
    "  - name: review",
    "    port: 3002",
    ...lines,
    "",
  ].join("\n");
}

const validate = ["config", "validate", "--stack", "{stack}"];
const stackFile = (...lines: readonly string[]) =>
  ["config:", ...lines.map((line) => `  ${line}`), ""].join("\n");

/** Fleet files that cannot work. */
export const badFleets: readonly BadCase[] = [
  {
    name: "duplicate and privileged ports, both in one message",
    args: ["up", "--stack", "{stack}"],
    fleet: [
      "name: test",
      "servers:",
      "  - name: scene",
      "    port: 3001",
      "  - name: review",
      "    port: 3001",
      "  - name: reporting",
      "    port: 80",
      "",
    ].join("\n"),
    code: 1,
    says: [
      "fleet {dir}/{stack}.yaml has 2 problem(s):",
      "  servers.reporting.port: got 80; ports below 1024 need root; pick 1024-65535 ({dir}/{stack}.yaml:8:11)",
      "  servers.review.port: got 3001; port 3001 is already taken by server scene; a free one is 3002 ({dir}/{stack}.yaml:6:11)",
    ],
  },
  {
    name: "two servers on the gateway's port",
    args: ["preview", "--stack", "{stack}"],
    fleet: fleet("gateway:", "  port: 3002"),
    code: 1,
    says: [
      "fleet {dir}/{stack}.yaml has 1 problem(s):",
      "  servers.review.port: got 3002; port 3002 of the host is already taken by gateway; a free one is 3003, or change gateway.serverPortOffset ({dir}/{stack}.yaml:6:11)",
    ],
  },
  {
    name: "unknown key at the top",
    args: validate,
    fleet: fleet("gatway:", "  port: 8080"),
    code: 1,
    says: [
      "fleet {dir}/{stack}.yaml has 1 problem(s):",
      "  gatway: unknown setting; did you mean gateway? Known here: name, environment, logging, serverDefaults, servers, postgres, pgbouncer, gateway, monitoring, health, rollout ({dir}/{stack}.yaml:7:1)",
    ],
  },
  {
    name: "unknown key of a server, in the words of another system",
    args: validate,
    fleet: fleet("    mem_limit: 512m"),
    code: 1,
    says: [
      "fleet {dir}/{stack}.yaml has 1 problem(s):",
      "  servers.review.mem_limit: unknown setting; known here: name, port, domain, critical, dependsOn, image, memoryMb, cpus, poolSize, env, drainSeconds, sessionIdleSeconds, sessionMax, health ({dir}/{stack}.yaml:7:5)",
    ],
  },
  {
    name: "unknown server in dependsOn",
    args: ["up", "--stack", "{stack}"],
    fleet: fleet("    dependsOn: [sceen]"),
    code: 1,
    says: [
      "fleet {dir}/{stack}.yaml has 1 problem(s):",
      '  servers.review.dependsOn[0]: got "sceen"; no such server in this fleet; did you mean scene? Known here: scene, review ({dir}/{stack}.yaml:7:17)',
    ],
  },
  {
    name: "dependency cycle",
    args: ["up", "--stack", "{stack}"],
    fleet: [
      "name: test",
      "servers:",
      "  - { name: scene, port: 3001, dependsOn: [review] }",
      "  - { name: review, port: 3002, dependsOn: [author] }",
      "  - { name: author, port: 3003, dependsOn: [scene] }",
      "",
    ].join("\n"),
    code: 1,
    says: [
      "fleet {dir}/{stack}.yaml has 1 problem(s):",
      "  servers.author.dependsOn: got author -> scene -> review -> author; servers that wait for each other in a circle never start; remove one of these dependencies ({dir}/{stack}.yaml:5:44)",
    ],
  },
  {
    name: "pools that overflow max_connections",
    args: validate,
    fleet: fleet("postgres:", "  maxConnections: 100", "pgbouncer:", "  maxDbConnections: 400"),
    code: 1,
    says: [
      "fleet {dir}/{stack}.yaml has 1 problem(s):",
      "  postgres.maxConnections: got 100; pgbouncer.maxDbConnections 400 + directConnections 20 + superuserReservedConnections 3 = 423 must fit into it; raise it to 423 or lower one of the three ({dir}/{stack}.yaml:8:19)",
    ],
  },
  {
    name: "fsync off",
    args: ["up", "--stack", "{stack}"],
    fleet: fleet("postgres:", "  fsync: off"),
    code: 1,
    says: [
      "fleet {dir}/{stack}.yaml has 1 problem(s):",
      '  postgres.fsync: got "off"; fsync protects every acknowledged write; only "on" is allowed, remove the line ({dir}/{stack}.yaml:8:10)',
    ],
  },
  {
    name: "bad image reference",
    args: validate,
    fleet: fleet("    image: Registry.example/Team/Review:1"),
    code: 1,
    says: [
      "fleet {dir}/{stack}.yaml has 1 problem(s):",
      '  servers.review.image: got "Registry.example/Team/Review:1"; an image reference such as registry.example:5000/team/scene:1.4 or name@sha256:<64 hex digits> ({dir}/{stack}.yaml:7:12)',
    ],
  },
  {
    name: "image digest cut short",
    args: ["up", "--stack", "{stack}"],
    fleet: fleet("    image: registry.example/review@sha256:abc123"),
    code: 1,
    says: [
      "fleet {dir}/{stack}.yaml has 1 problem(s):",
      '  servers.review.image: got "registry.example/review@sha256:abc123"; an image reference such as registry.example:5000/team/scene:1.4 or name@sha256:<64 hex digits> ({dir}/{stack}.yaml:7:12)',
    ],
  },
  {
    name: "a secret in a server's environment",
    args: validate,
    fleet: fleet("    env:", "      API_TOKEN: 0123456789abcdef0123456789abcdef"),
    code: 1,
    says: [
      "fleet {dir}/{stack}.yaml has 1 problem(s):",
      "  servers.review.env.API_TOKEN: looks like a secret (value not shown), and everybody who may inspect containers reads the environment; put the secret into a file of your image or a volume and name the file in API_TOKEN_FILE ({dir}/{stack}.yaml:8:7)",
    ],
  },
  {
    name: "a variable that the platform sets",
    args: validate,
    fleet: fleet("    env:", "      DATABASE_URL: postgres://writer:hunter2secret@db/x"),
    code: 1,
    says: [
      "fleet {dir}/{stack}.yaml has 1 problem(s):",
      "  servers.review.env.DATABASE_URL: the platform sets the variables of the database; remove it; every server gets its own login through the pooler, its password in a file ({dir}/{stack}.yaml:8:7)",
    ],
  },
  {
    name: "an unknown fault",
    args: validate,
    fleet: fleet("    env:", "      FAULT: explode"),
    code: 1,
    says: [
      "fleet {dir}/{stack}.yaml has 1 problem(s):",
      "  servers.review.env.FAULT: got an unknown fault; exit, unready, no-mcp, slow:<ms> (0-600000) or fail:<ratio> (0-1); unset it for normal work ({dir}/{stack}.yaml:8:14)",
    ],
  },
  {
    name: "not YAML",
    args: ["up", "--stack", "{stack}"],
    fleet: "name: test\nservers:\n  - name: scene\n   port: [3001\n",
    code: 1,
    says: [
      "fleet {dir}/{stack}.yaml has 2 problem(s):",
      "  {dir}/{stack}.yaml: a closing quote or bracket is missing ({dir}/{stack}.yaml:4:1)",
      "  {dir}/{stack}.yaml: the indentation does not fit, or a closing bracket is missing ({dir}/{stack}.yaml:5:1)",
    ],
  },
  {
    name: "tabs",
    args: validate,
    fleet: "name: test\nservers:\n\t- name: scene\n",
    code: 1,
    says: [
      "fleet {dir}/{stack}.yaml has 1 problem(s):",
      "  {dir}/{stack}.yaml: YAML does not allow tabs as indentation; use spaces ({dir}/{stack}.yaml:3:1)",
    ],
  },
  {
    name: "empty file",
    args: ["up", "--stack", "{stack}"],
    fleet: "",
    code: 1,
    says: [
      "fleet {dir}/{stack}.yaml has 1 problem(s):",
      "  {dir}/{stack}.yaml: got an empty file; a map with name, environment, logging, serverDefaults, servers, postgres, pgbouncer, gateway, monitoring, health, rollout; name and servers are required ({dir}/{stack}.yaml)",
    ],
  },
  {
    name: "a list",
    args: validate,
    fleet: "- name: scene\n  port: 3001\n",
    code: 1,
    says: [
      "fleet {dir}/{stack}.yaml has 1 problem(s):",
      "  {dir}/{stack}.yaml: got a list; a map with name, environment, logging, serverDefaults, servers, postgres, pgbouncer, gateway, monitoring, health, rollout; name and servers are required ({dir}/{stack}.yaml:1:1)",
    ],
  },
  {
    name: "duplicate keys",
    args: validate,
    fleet: fleet("postgres:", "  memoryMb: 512", "  memoryMb: 600"),
    code: 1,
    says: [
      "fleet {dir}/{stack}.yaml has 1 problem(s):",
      "  {dir}/{stack}.yaml: this key stands here twice; remove one of the two ({dir}/{stack}.yaml:9:3)",
    ],
  },
  {
    name: "two servers of one name",
    args: validate,
    fleet:
      "name: test\nservers:\n  - { name: scene, port: 3001 }\n  - { name: scene, port: 3002 }\n",
    code: 1,
    says: [
      "fleet {dir}/{stack}.yaml has 1 problem(s):",
      '  servers[1].name: got "scene"; servers[0] has the same name; route, database schema and metrics derive from it: give one of them another name ({dir}/{stack}.yaml:4:13)',
    ],
  },
  {
    name: "probe longer than its interval, drain longer than the gateway waits",
    args: validate,
    fleet: fleet(
      "serverDefaults:",
      "  drainSeconds: 3600",
      "  health: { intervalSeconds: 5, timeoutSeconds: 9 }",
    ),
    code: 1,
    says: [
      "fleet {dir}/{stack}.yaml has 2 problem(s):",
      "  serverDefaults.drainSeconds: got 3600; at most 600 s ({dir}/{stack}.yaml:8:17)",
      "  serverDefaults.health.timeoutSeconds: got 9; at most intervalSeconds, 5, or probes overlap; lower it or raise intervalSeconds ({dir}/{stack}.yaml:9:49)",
    ],
  },
  {
    name: "memory that PostgreSQL's buffers do not fit into",
    args: validate,
    fleet: fleet("postgres:", "  memoryMb: 128", "  sharedBuffers: 256MB"),
    code: 1,
    says: [
      "fleet {dir}/{stack}.yaml has 1 problem(s):",
      "  postgres.memoryMb: got 128; sharedBuffers 256MB + maintenanceWorkMem 128MB + 64 MiB for its processes = 448 MiB must fit into it; raise it to 448 or lower the buffers ({dir}/{stack}.yaml:8:13)",
    ],
  },
];

/** Stack files and fleet files that are not there. */
export const badStacks: readonly BadCase[] = [
  {
    name: "fleet file missing",
    args: ["up", "--stack", "{stack}"],
    stackFile: stackFile("mcp-fleet:fleet: fleets/wrting.yaml"),
    code: 1,
    says: [
      "fleet fleets/wrting.yaml has 1 problem(s):",
      "  fleets/wrting.yaml: no such file; there is fleets/writing.yaml",
    ],
  },
  {
    name: "fleet file is a directory",
    args: validate,
    stackFile: stackFile("mcp-fleet:fleet: fleets"),
    code: 1,
    says: ["fleet fleets has 1 problem(s):", "  fleets: not a file; name a YAML file"],
  },
  {
    name: "an unknown platform",
    args: ["up", "--stack", "{stack}"],
    stackFile: stackFile("mcp-fleet:platform: nomad"),
    code: 1,
    says: [
      "fleet fleets/writing.yaml has 1 problem(s):",
      '  mcp-fleet:platform: got "nomad"; docker or kubernetes (Pulumi.{stack}.yaml:2:3)',
    ],
  },
  {
    name: "unknown setting of the stack",
    args: ["preview", "--stack", "{stack}"],
    stackFile: stackFile("mcp-fleet:flet: fleets/writing.yaml"),
    code: 1,
    says: [
      "fleet fleets/writing.yaml has 1 problem(s):",
      "  mcp-fleet:flet: unknown setting; did you mean fleet? Known here: fleet, platform, kubernetes, set, baseImage, tokens, receivers, databasePassword (Pulumi.{stack}.yaml:2:3)",
    ],
  },
  {
    name: "names, labels and numbers that no cluster takes, all at once and before one is asked",
    args: ["preview", "--stack", "{stack}"],
    stackFile: stackFile(
      "mcp-fleet:platform: kubernetes",
      "mcp-fleet:kubernetes:",
      `  namespace: ${"n".repeat(64)}`,
      "  gateway: { ingress: { host: https://mcp.example.com } }",
      "  nodeSelector: { disk: fast ssd }",
    ),
    code: 1,
    says: [
      "fleet fleets/writing.yaml has 3 problem(s):",
      `  mcp-fleet:kubernetes.namespace: got a text of 64 characters (not shown, it may be a secret); 1 to 63 lower-case letters, digits and dashes, no dash at either end (Pulumi.{stack}.yaml:3:3)`,
      '  mcp-fleet:kubernetes.gateway.ingress.host: got "https://mcp.example.com"; a host name without scheme, port and path, as in mcp.example.com (Pulumi.{stack}.yaml:3:3)',
      '  mcp-fleet:kubernetes.nodeSelector.disk: got "fast ssd"; at most 63 letters, digits, dashes, dots and underscores (Pulumi.{stack}.yaml:3:3)',
    ],
  },
  {
    name: "fewer pods at most than there are",
    args: ["up", "--stack", "{stack}"],
    stackFile: stackFile(
      "mcp-fleet:platform: kubernetes",
      "mcp-fleet:kubernetes: { replicas: 5, autoscaling: { maxReplicas: 3 } }",
    ),
    code: 1,
    says: [
      "fleet fleets/writing.yaml has 1 problem(s):",
      "  mcp-fleet:kubernetes.autoscaling.maxReplicas: got 3; at least kubernetes.replicas, 5; raise it or lower replicas (Pulumi.{stack}.yaml:3:3)",
    ],
  },
  {
    name: "a server whose objects would have names over 63 characters",
    args: ["up", "--stack", "{stack}"],
    fleet: `name: test\nservers:\n  - { name: ${"s".repeat(41)}, domain: scene, port: 3001 }\n`,
    code: 1,
    says: [
      "fleet {dir}/{stack}.yaml has 1 problem(s):",
      `  servers[0].name: got a text of 41 characters (not shown, it may be a secret); at most 40 characters, so that derived names stay below the 63 of DNS; shorten it ({dir}/{stack}.yaml:3:13)`,
    ],
  },
  {
    name: "tokens in plain text",
    args: ["up", "--stack", "{stack}"],
    stackFile: stackFile(
      `mcp-fleet:tokens: '{"default":{"primary":"3b7a0f5c91d2e8463b7a0f5c91d2e846","backup":"x"}}'`,
    ),
    code: 1,
    says: [
      "fleet fleets/writing.yaml has 1 problem(s):",
      "  mcp-fleet:tokens: the tokens stand in plain text (not shown); make new ones and store them with: pulumi config set --secret mcp-fleet:tokens (Pulumi.{stack}.yaml:2:3)",
    ],
  },
  {
    name: "unknown path under mcp-fleet:set, together with a wrong platform",
    args: validate,
    stackFile: stackFile("mcp-fleet:platform: swarm", "mcp-fleet:set:", "  gateway.prot: 8081"),
    code: 1,
    says: [
      "fleet fleets/writing.yaml has 2 problem(s):",
      '  mcp-fleet:platform: got "swarm"; docker or kubernetes (Pulumi.{stack}.yaml:2:3)',
      "  gateway.prot: unknown setting; did you mean port? Known here: image, bind, port, serverPorts, serverPortOffset, clients, allowedOrigins, maxBodyBytes, rateLimit, maxConcurrentPerClient, streamTimeoutSeconds, hardStopAfterSeconds, memoryMb, cpus (stack config)",
    ],
  },
  {
    name: "stack file that is not YAML",
    args: validate,
    stackFile: "config: {mcp-fleet:set: [\n",
    code: 1,
    says: [
      "fleet fleets/writing.yaml has 1 problem(s):",
      "  Pulumi.{stack}.yaml: the indentation does not fit, or a closing bracket is missing (Pulumi.{stack}.yaml:2:1)",
    ],
  },
  {
    name: "bad base image",
    args: validate,
    stackFile: stackFile("mcp-fleet:baseImage: 'debian trixie'"),
    code: 1,
    says: [
      "fleet fleets/writing.yaml has 1 problem(s):",
      '  mcp-fleet:baseImage: got "debian trixie"; an image reference such as registry.example:5000/team/scene:1.4 or name@sha256:<64 hex digits> (Pulumi.{stack}.yaml:2:3)',
    ],
  },
];
