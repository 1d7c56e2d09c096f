import { describe, expect, it } from "vitest";
import type { Autonaming } from "../../../toolchain/plugins/bridge/autoname.ts";
import { type Properties, secret, UNKNOWN } from "../../../toolchain/plugins/bridge/values.ts";
import { dockerProvider } from "../../../toolchain/plugins/docker/plugin.ts";
import { randomProvider } from "../../../toolchain/plugins/random/plugin.ts";

const docker = dockerProvider("5.2.0");
const random = randomProvider("4.21.2");

function check(type: string, news: Properties, olds: Properties = {}, autonaming?: Autonaming) {
  const provider = type.startsWith("docker") ? docker : random;
  const urn = `urn:pulumi:dev::p::${type}::web`;
  return provider.check({
    urn,
    type,
    name: "web",
    olds,
    news,
    randomSeed: new Uint8Array(),
    autonaming,
  });
}

const container = (news: Properties, olds?: Properties, autonaming?: Autonaming) =>
  check("docker:index/container:Container", { image: "app:1", ...news }, olds, autonaming);

describe("inputs that would be ignored", () => {
  it.each<[Properties, string]>([
    [{ dns: ["10.0.0.1"] }, "dns"],
    [{ privileged: true }, "privileged"],
    [{ mounts: [{ type: "bind", target: "/x" }] }, "mounts"],
    [{ volumes: [{ containerPath: "/x", fromContainer: "y" }] }, "volumes[0].fromContainer"],
    [
      { networksAdvanced: [{ name: "n" }, { name: "m", macAddress: "x" }] },
      "networksAdvanced[1].macAddress",
    ],
    [{ uploads: [{ file: "/x", source: "y" }] }, "uploads[0].source"],
    [{ nonsense: 1 }, "nonsense"],
    [{ networkDatas: [] }, "networkDatas"],
    [{ healthcheck: { test: ["CMD", "true"] } }, "healthcheck.test"],
  ])("%j is refused by name", (news, property) => {
    const { failures } = container(news);
    expect(failures).toEqual([
      { property, reason: expect.stringContaining(`'${property}'`) as string },
    ]);
  });

  it("names what is supported instead", () => {
    expect(container({ dns: ["10.0.0.1"] }).failures?.[0]?.reason).toMatch(
      /supported: .*networksAdvanced, /,
    );
  });

  it("accepts the value that the property has anyway", () => {
    expect(container({ privileged: false, dns: [] }).failures).toBeUndefined();
  });

  it("are refused in images, networks, volumes and random values too", () => {
    expect(
      check("docker:index/remoteImage:RemoteImage", {
        name: "x:1",
        build: { context: ".", squash: true },
      }).failures?.[0]?.property,
    ).toBe("build.squash");
    expect(check("docker:index/network:Network", { ipv6: true }).failures?.[0]?.property).toBe(
      "ipv6",
    );
    expect(check("docker:index/volume:Volume", { cluster: {} }).failures).toBeUndefined();
    expect(
      check("random:index/randomPassword:RandomPassword", { length: 8, size: 9 }).failures?.[0]
        ?.property,
    ).toBe("size");
  });

  it("are refused in provider settings", () => {
    const { failures } = docker.checkConfig({ version: "5.2.0", sshOpts: "x", host: "unix:///x" });
    expect(failures?.map(({ property }) => property)).toEqual(["sshOpts"]);
  });

  it("are refused as whole resource types", () => {
    expect(() => check("docker:index/service:Service", {})).toThrow(
      /no such resource type.*Container/,
    );
    expect(() => check("random:index/randomPet:RandomPet", {})).toThrow(/no such resource type/);
  });
});

describe("wrong values", () => {
  it.each<[Properties, RegExp]>([
    [{ restart: "sometimes" }, /got "sometimes", must be one of no, on-failure/],
    [{ memory: -1 }, /got -1, must be at least 0/],
    [{ memory: 1.5 }, /expected an integer/],
    [{ envs: "A=1" }, /expected a list, got string/],
    [{ envs: [1] }, /expected only strings/],
    [{ command: null, image: 7 }, /expected a string, got number/],
    [{ cpus: "half" }, /must be a number of CPUs/],
    [{ volumes: [{ containerPath: "/x", hostPath: "relative" }] }, /must be an absolute path/],
    [{ uploads: [{ file: "/x", content: "y", permissions: "644" }] }, /octal mode/],
    [{ healthcheck: { tests: [], interval: "soon" } }, /must be a duration/],
    [{ ports: [{ external: 80 }] }, /missing required property 'ports\[0\].internal'/],
  ])("%j", (news, reason) => {
    expect(container(news).failures?.[0]?.reason).toMatch(reason);
  });

  it("are listed all at once", () => {
    const { failures } = container({
      memory: -1,
      dns: ["x"],
      restart: "never",
      ports: [{ internal: 0 }],
    });
    expect(failures?.map(({ property }) => property).sort()).toEqual([
      "dns",
      "memory",
      "ports[0].internal",
      "restart",
    ]);
  });

  it("never show the content of an upload", () => {
    const { failures } = container({ uploads: [{ file: "/x", contentBase64: "hunter2!" }] });
    expect(failures).toHaveLength(1);
    expect(JSON.stringify(failures)).not.toContain("hunter2");
  });

  it("may be unknown until the update runs", () => {
    const { inputs, failures } = container({ image: UNKNOWN, ports: UNKNOWN, uploads: [UNKNOWN] });
    expect(failures).toBeUndefined();
    expect(inputs).toMatchObject({ image: UNKNOWN, ports: UNKNOWN });
  });

  it("of random passwords name the property", () => {
    const password = (news: Properties) =>
      check("random:index/randomPassword:RandomPassword", news).failures?.[0]?.reason;
    expect(password({})).toMatch(/missing required property 'length'/);
    expect(password({ length: 0 })).toMatch(/must be at least 1/);
    expect(password({ length: 3, minLower: 4 })).toMatch(/must be at least 4/);
    expect(
      password({ length: 3, lower: false, upper: false, numeric: false, special: false }),
    ).toMatch(/no characters/);
  });
});

describe("generated names", () => {
  it("end with seven hex digits", () => {
    expect(container({}).inputs.name).toMatch(/^web-[0-9a-f]{7}$/);
  });

  it("stay while the object does", () => {
    const { inputs } = container({}, { name: "web-0123456", __defaults: ["name"] });
    expect(inputs).toMatchObject({
      name: "web-0123456",
      __defaults: expect.arrayContaining(["name"]) as unknown,
    });
  });

  it("replace a name that the program no longer gives", () => {
    const { inputs } = container({}, { name: "fixed", __defaults: [] });
    expect(inputs.name).toMatch(/^web-[0-9a-f]{7}$/);
  });

  it("yield to a name that the program gives", () => {
    const { inputs } = container({ name: "fixed" }, { name: "web-0123456", __defaults: ["name"] });
    expect(inputs.name).toBe("fixed");
    expect(inputs.__defaults).not.toContain("name");
  });

  it("follow the engine's autonaming setting", () => {
    const proposed = { mode: "propose", proposedName: "web-prod" } as const;
    expect(container({}, {}, proposed).inputs.name).toBe("web-prod");
    expect(container({}, {}, { mode: "disable", proposedName: "" }).failures).toEqual([
      {
        property: "name",
        reason: "automatic naming is disabled but no explicit name was provided",
      },
    ]);
  });
});

describe("secrets", () => {
  it("are taken out of their wrapper: the engine knows which inputs are secret", () => {
    const { inputs } = container({ envs: secret(["A=1"]), command: [secret("x")] });
    expect(inputs).toMatchObject({ envs: ["A=1"], command: ["x"] });
  });
});
