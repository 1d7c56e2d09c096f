import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";

const config = new pulumi.Config();
const level = config.get("level") ?? "1";
const unsupported = config.getBoolean("unsupported") ?? false;
if (config.getBoolean("broken") === true) {
  const error = new pulumi.RunError("the program is broken");
  // See toolchain/cheap-stack-traces.cjs: with a stack, it takes half a minute.
  error.stack = error.message;
  throw error;
}

const password = new random.RandomPassword("password", { length: 20, special: false });
const image = new docker.RemoteImage("image", {
  name: "mcp-fleet-test/stand-ins-app:1",
  build: { context: config.require("context"), buildArgs: { LEVEL: "fixed" } },
});
const network = new docker.Network("network", {});
const volume = new docker.Volume("volume", {});

const container = new docker.Container(
  "container",
  {
    image: image.imageId,
    command: ["/usr/bin/sleep", "600"],
    envs: [`LEVEL=${level}`],
    labels: [
      { label: "zebra", value: "1" },
      { label: "mcp-fleet-test/stand-ins", value: "yes" },
    ],
    networksAdvanced: [{ name: network.name, aliases: ["app"] }],
    volumes: [{ volumeName: volume.name, containerPath: "/data" }],
    uploads: [{ file: "/etc/password", content: password.result, permissions: "0400" }],
    ports: [{ internal: 80, ip: "127.0.0.1" }],
    healthcheck: { tests: ["CMD", "/usr/bin/true"], interval: "1s", timeout: "10s" },
    memory: 64,
    memorySwap: 64,
    restart: "unless-stopped",
    mustRun: true,
    destroyGraceSeconds: 1,
    wait: true,
    waitTimeout: 60,
    ...(unsupported && { privileged: true, dns: ["127.0.0.1"] }),
  },
  { deleteBeforeReplace: false },
);

const greeter: pulumi.dynamic.ResourceProvider<{ level: string }, { level: string; host: string }> =
  {
    async create(inputs) {
      const os = await import("node:os");
      return { id: "greeter", outs: { ...inputs, host: os.hostname() } };
    },
    update: (_id, olds, news) => Promise.resolve({ outs: { ...olds, ...news } }),
  };

class Greeter extends pulumi.dynamic.Resource {
  declare readonly host: pulumi.Output<string>;

  constructor(name: string, args: { level: string }) {
    super(greeter, name, { ...args, host: undefined });
  }
}

export const containerId = container.id;
export const greeterHost = new Greeter("greeter", { level }).host;
export const secret = password.result;
