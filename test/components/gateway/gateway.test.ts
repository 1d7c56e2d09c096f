import { createHash } from "node:crypto";
import * as pulumi from "@pulumi/pulumi";
import { publishedUrl } from "../../../components/platform/docker/published-url.ts";
import { beforeEach, describe, expect, it } from "vitest";
import { Gateway, type GatewayArgs } from "../../../components/gateway/gateway.ts";
import { gatewaySchema } from "../../../components/gateway/gateway.schema.ts";
import type {
  JobArgs,
  LiveFilesArgs,
  Platform,
  WorkloadArgs,
} from "../../../components/platform/platform.ts";

interface Created {
  readonly type: string;
  readonly name: string;
}

let created: Created[] = [];

await pulumi.runtime.setMocks(
  {
    newResource: ({ type, name, inputs }) => {
      created.push({ type, name });
      const state = inputs as Record<string, unknown>;
      return {
        id: `${name}-id`,
        state:
          type === "random:index/randomPassword:RandomPassword"
            ? { ...state, result: `made-for-${name}` }
            : state,
      };
    },
    call: ({ token }) => {
      throw new Error(`unexpected call of ${token}`);
    },
  },
  "fleet",
  "test",
  false,
);

interface Asked {
  liveFiles?: LiveFilesArgs & {
    readonly name: string;
    readonly dependsOn: readonly pulumi.Resource[];
  };
  workload?: WorkloadArgs & {
    readonly name: string;
    readonly dependsOn: readonly pulumi.Resource[];
  };
  job?: JobArgs & {
    readonly name: string;
    readonly dependsOn: readonly pulumi.Resource[];
    readonly resource: pulumi.Resource;
  };
}

class Made extends pulumi.CustomResource {
  constructor(type: string, name: string, opts: pulumi.CustomResourceOptions) {
    super(`test:index:${type}`, name, {}, opts);
  }
}

/** Platform that records what it is asked for. */
function recordingPlatform(asked: Asked): Platform {
  const never = (what: string) => () => {
    throw new Error(`the gateway needs no ${what}`);
  };
  return {
    image: (name, override) => ({ reference: override ?? `built/${name}` }),
    liveFiles: (name, args, opts) => {
      asked.liveFiles = { name, ...args, dependsOn: opts.dependsOn ?? [] };
      return {
        kind: "files",
        name: `${name}-volume`,
        ready: new pulumi.ComponentResource(
          "test:index:Ready",
          name,
          {},
          { parent: opts.parent, dependsOn: [...(opts.dependsOn ?? [])] },
        ),
      };
    },
    workload: (name, args, opts) => {
      asked.workload = { name, ...args, dependsOn: opts.dependsOn ?? [] };
      return {
        address: pulumi.output(name),
        endpoints: pulumi.output([name]),
        resource: new Made("Workload", name, { parent: opts.parent }),
      };
    },
    foreignImage: never("foreign image"),
    dataVolume: never("data volume"),
    files: never("immutable files"),
    job: (name, args, opts) => {
      const resource = new Made("Job", name, { parent: opts.parent });
      asked.job = { name, ...args, dependsOn: opts.dependsOn ?? [], resource };
      return { resource };
    },
    addressOf: (singleton) => singleton,
    urlOf: (_, published) => publishedUrl(published),
  };
}

const servers = [
  { name: "scene", port: 3002, addresses: pulumi.output(["scene-0a1b2c3"]) },
  { name: "book-planning", port: 3001, addresses: pulumi.output(["book-planning-0a1b2c3"]) },
];

function build(change: Partial<GatewayArgs> = {}) {
  const asked: Asked = {};
  const gateway = new Gateway("gateway", {
    platform: recordingPlatform(asked),
    spec: gatewaySchema.parse({}),
    servers,
    ...change,
  });
  if (!asked.liveFiles || !asked.workload || !asked.job) throw new Error("not asked for");
  return { gateway, files: asked.liveFiles, workload: asked.workload, trial: asked.job };
}

function value<T>(output: pulumi.Input<T>): Promise<pulumi.Unwrap<T>> {
  return new Promise((resolve) => pulumi.output(output).apply((v) => resolve(v)));
}

const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

beforeEach(() => {
  created = [];
});

describe("Gateway", () => {
  it("creates itself, a token pair for each client, files and one workload", async () => {
    const { gateway } = build({
      spec: gatewaySchema.parse({ clients: [{ name: "default" }, { name: "ci" }] }),
    });
    await value(gateway.urn);
    await value(gateway.tokens);
    await value(gateway.workload.resource.urn);
    expect(created.map(({ type, name }) => `${type} ${name}`).sort()).toEqual([
      "mcpfleet:gateway:Gateway gateway",
      "random:index/randomPassword:RandomPassword gateway-token-ci-backup",
      "random:index/randomPassword:RandomPassword gateway-token-ci-primary",
      "random:index/randomPassword:RandomPassword gateway-token-default-backup",
      "random:index/randomPassword:RandomPassword gateway-token-default-primary",
      "test:index:Job gateway-trial",
      "test:index:Ready gateway-files",
      "test:index:Workload gateway",
    ]);
  });

  it("keeps tokens secret and hands the gateway nothing but their hashes", async () => {
    const { gateway, files } = build();
    expect(await pulumi.isSecret(gateway.tokens)).toBe(true);
    expect(await value(gateway.tokens)).toEqual({
      default: {
        primary: "made-for-gateway-token-default-primary",
        backup: "made-for-gateway-token-default-backup",
      },
    });
    const all = pulumi.output(files.files);
    const rendered = await value(all);
    expect(rendered["tokens.map"]?.trim().split("\n").sort()).toEqual(
      [
        `${sha256("made-for-gateway-token-default-primary")} default`,
        `${sha256("made-for-gateway-token-default-backup")} default`,
      ].sort(),
    );
    expect(JSON.stringify(rendered)).not.toContain("made-for");
    const map = (files.files as Record<string, pulumi.Output<string>>)["tokens.map"];
    const config = (files.files as Record<string, pulumi.Output<string>>)["haproxy.cfg"];
    expect(await pulumi.isSecret(map as pulumi.Output<string>)).toBe(true);
    expect(await pulumi.isSecret(config as pulumi.Output<string>)).toBe(false);
  });

  it("uses the tokens that the user brings and generates the rest", async () => {
    const { gateway } = build({ tokens: { default: { primary: "brought-by-the-user" } } });
    expect(await value(gateway.tokens)).toEqual({
      default: { primary: "brought-by-the-user", backup: "made-for-gateway-token-default-backup" },
    });
    expect(await pulumi.isSecret(gateway.tokens)).toBe(true);
    await value(gateway.urn);
    expect(created.map(({ name }) => name)).not.toContain("gateway-token-default-primary");
  });

  it("routes to the generated addresses", async () => {
    const { files } = build({
      servers: [{ name: "scene", port: 3002, addresses: pulumi.output(["scene.ns.svc"]) }],
    });
    const rendered = await value(pulumi.output(files.files));
    expect(rendered["haproxy.cfg"]).toContain(
      "  server scene-ns-svc scene.ns.svc:3002 weight 100\n",
    );
    expect(rendered["affinity.map"]).toBe("scene/scene-ns-svc scene\n");
  });

  it("keeps draining releases beside the live one, but not the live one itself and none without a name", async () => {
    const { files } = build({
      servers: [
        {
          name: "scene",
          port: 3002,
          addresses: pulumi.output(["scene-2"]),
          weight: 10,
          draining: [
            { addresses: pulumi.output(["scene-1"]), weight: 90 },
            { addresses: pulumi.output(["scene-0"]) },
            { addresses: ["scene-2"] },
            { addresses: ["scene-1"] },
            { addresses: [] },
          ],
        },
      ],
    });
    const rendered = await value(pulumi.output(files.files));
    const lines = rendered["haproxy.cfg"]?.split("\n").map((line) => line.trim()) ?? [];
    expect(
      lines
        .filter((line) => line.startsWith("server scene-"))
        .map((line) => line.split(" ").slice(1, 6).join(" ")),
    ).toEqual([
      "scene-0 scene-0:3002 weight 100 backup",
      "scene-1 scene-1:3002 weight 90 init-addr",
      "scene-2 scene-2:3002 weight 10 observe",
    ]);
    expect(rendered["affinity.map"]).toBe(
      "scene/scene-0 scene\nscene/scene-1 scene\nscene/scene-2 scene\n",
    );
  });

  it("has its files checked, reloaded and verified in the running container", () => {
    const { files, workload } = build();
    expect(files).toMatchObject({
      name: "gateway-files",
      reader: "gateway",
      owner: workload.user,
      check: ["gateway-ctl", "check", "{dir}"],
      reload: ["gateway-ctl", "reload"],
      verify: ["gateway-ctl", "verify"],
      mountPath: "/etc/haproxy",
    });
    expect(workload.mounts?.map(({ path }) => path)).toEqual(["/etc/haproxy"]);
  });

  it("is tried beside the one that serves, as it is, before it takes its place", () => {
    const { trial, workload } = build({ spec: gatewaySchema.parse({ memoryMb: 64 }) });
    expect(trial).toMatchObject({
      name: "gateway-trial",
      command: ["gateway-ctl", "trial"],
      memoryMb: 64,
      networks: ["mcp"],
    });
    expect(trial.image).toBe(workload.image);
    expect(trial.user).toBe(workload.user);
    expect(trial.mounts).toEqual(workload.mounts);
    expect(trial.tmpfs).toEqual(workload.tmpfs);
    expect(workload.dependsOn).toContain(trial.resource);
  });

  it("publishes its port where told, and server ports on loopback with the offset", () => {
    const { workload } = build({
      spec: gatewaySchema.parse({ bind: "0.0.0.0", port: 9000, serverPortOffset: 10_000 }),
    });
    expect(workload.publish).toEqual([
      { port: 8080, hostIp: "0.0.0.0", hostPort: 9000 },
      { port: 3001, hostIp: "127.0.0.1", hostPort: 13001 },
      { port: 3002, hostIp: "127.0.0.1", hostPort: 13002 },
    ]);
    expect(build({ spec: gatewaySchema.parse({ serverPorts: false }) }).workload.publish).toEqual([
      { port: 8080, hostIp: "127.0.0.1", hostPort: 8080 },
    ]);
  });

  it("declares the same container whatever the addresses, limits of clients and tokens are", () => {
    const declared = ({ workload }: ReturnType<typeof build>) => {
      const { mounts, dependsOn, ...rest } = workload;
      return { ...rest, mounts: mounts?.map(({ path }) => path), dependsOn: dependsOn.length };
    };
    const changed = build({
      spec: gatewaySchema.parse({
        maxBodyBytes: 2048,
        allowedOrigins: ["https://a.example"],
        rateLimit: { requests: 1 },
        clients: [{ name: "default" }, { name: "other" }],
      }),
      servers: [...servers]
        .reverse()
        .map((server) => ({ ...server, addresses: [`${server.name}-fffffff`] })),
    });
    expect(declared(changed)).toEqual(declared(build()));
  });

  it("waits for its files and for what it is told to wait for", () => {
    const gate = new pulumi.ComponentResource("test:index:Gate", "gate");
    const { files, workload, trial } = build({ dependsOn: [gate] });
    expect(trial.dependsOn).toContain(gate);
    expect(workload.dependsOn).toHaveLength(3);
    expect(workload.dependsOn).toContain(gate);
    // The routes of a gateway that runs already move with its files.
    expect(files.dependsOn).toEqual([gate]);
  });

  it.each([
    ["127.0.0.1", "http://127.0.0.1:8080"],
    ["0.0.0.0", "http://127.0.0.1:8080"],
    ["::1", "http://[::1]:8080"],
    ["192.0.2.7", "http://192.0.2.7:8080"],
  ])("bound to %s it is reached at %s", (bind, url) => {
    const { gateway } = build({ spec: gatewaySchema.parse({ bind }) });
    expect(gateway.url).toBe(url);
    expect(gateway.serverUrls).toEqual({
      scene: `${url}/scene/mcp`,
      "book-planning": `${url}/book-planning/mcp`,
    });
    expect(gateway.clientConfig).toContain(`"${url}/scene/mcp"`);
    expect(gateway.clientConfig).not.toContain("made-for");
  });

  it("refuses a server on one of its own ports before it creates anything", () => {
    const clash = [{ name: "scene", port: 8405, addresses: ["scene-1"] }];
    expect(() => build({ servers: clash })).toThrow(
      "gateway has 1 problem(s):\n  routes[0].port: got 8405, which belongs to the gateway's metrics",
    );
    expect(created.filter(({ type }) => type.startsWith("random:"))).toEqual([]);
  });
});
