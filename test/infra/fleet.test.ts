import * as pulumi from "@pulumi/pulumi";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { DockerPlatform } from "../../components/platform/docker/docker-platform.ts";
import { labelNames } from "../../components/platform/labels.ts";
import { loadFleet } from "../../infra/config/index.ts";
import { Fleet } from "../../infra/fleet.ts";
import type { GuardedParts, ReleaseGates } from "../../infra/release-gates.ts";
import { renderFleet } from "../../infra/render.ts";
import { rootDir } from "../../infra/root-dir.ts";

/** What live files wait for, by name. */
const waits = vi.hoisted(() => new Map<string, unknown[]>());

// Dynamic resources carry their code as text; the test runner rewrites imports in it, so the code cannot be taken along.
vi.mock("../../components/platform/docker/live-files.ts", async () => {
  const { CustomResource } = await import("@pulumi/pulumi");
  class LiveFilesResource extends CustomResource {
    constructor(name: string, args: pulumi.Inputs, opts: pulumi.CustomResourceOptions) {
      super("pulumi-nodejs:dynamic/mcpfleet:LiveFiles", name, args, opts);
      waits.set(name, [opts.dependsOn ?? []].flat());
    }
  }
  return { LiveFilesResource };
});
vi.mock("../../components/platform/docker/job.ts", async () => ({
  JobResource: (await import("./without-code.ts")).withoutCode("Job"),
}));

/** Wiring only: order, replacement and deletion exist in the real engine, and are tested there. */

interface Created {
  readonly type: string;
  readonly name: string;
  readonly inputs: Record<string, unknown>;
}

const created: Created[] = [];
const secretMark = "4dabf18193072939515e22adb298388d";

await pulumi.runtime.setMocks(
  {
    newResource: ({ type, name, inputs }) => {
      const state = inputs as Record<string, unknown>;
      created.push({ type, name, inputs: state });
      const generated: Record<string, Record<string, unknown>> = {
        "random:index/randomPassword:RandomPassword": { result: `made-for-${name}` },
        "random:index/randomId:RandomId": { hex: "0a1b2c3d" },
      };
      return { id: `${name}-id`, state: { name, ...state, ...generated[type] } };
    },
    call: ({ token }) => {
      throw new Error(`unexpected call of ${token}`);
    },
  },
  "mcp-fleet",
  "unit",
  false,
);

const { fleet: spec } = loadFleet({ fleetPath: "fleets/writing.yaml", env: {}, sets: [], rootDir });
const servers = spec.servers.map(({ name }) => name);

function named(kind: string): Created[] {
  return created.filter(({ type }) => type.endsWith(`:${kind}`));
}

function container(name: string): Record<string, unknown> {
  const found = named("Container").find((resource) => resource.name === `mcp-fleet-unit-${name}`);
  if (!found) throw new Error(`no container ${name}`);
  return found.inputs;
}

/** What a gate was asked to guard. */
interface Gate {
  readonly resource: pulumi.Resource;
  readonly parts: Readonly<Record<string, { readonly address: string; readonly id: string }>>;
  readonly dependsOn: readonly pulumi.Resource[];
}

class GateResource extends pulumi.CustomResource {
  constructor(name: string, dependsOn: readonly pulumi.Resource[]) {
    super("test:index:Gate", name, {}, { dependsOn: [...dependsOn] });
  }
}

/** Gates that everything passes, and that say afterwards what they guarded. */
function recordingGates(
  stack: string,
  from: Pick<ReleaseGates, "before" | "firstStep">,
): { readonly gates: ReleaseGates; readonly seen: Record<"private" | "public", () => Gate> } {
  const found = new Map<string, Gate>();
  const gate =
    (name: string) =>
    (parts: GuardedParts, dependsOn: readonly pulumi.Resource[]): pulumi.Resource => {
      const resource = new GateResource(`${stack}-${name}`, dependsOn);
      pulumi.output(parts).apply((resolved) => {
        found.set(name, { resource, parts: resolved, dependsOn });
      });
      return resource;
    };
  const seen = (name: string) => () => {
    const one = found.get(name);
    if (!one) throw new Error(`the ${name} gate was not made`);
    return one;
  };
  return {
    gates: { ...from, private: gate("private"), public: gate("public") },
    seen: { private: seen("private"), public: seen("public") },
  };
}

async function deployed(stack: string, gates: ReleaseGates): Promise<Fleet> {
  const platform = new DockerPlatform("platform", {
    identity: { stack, release: "r-1", transaction: "t-1", lineage: "l-1", previous: new Map() },
    rootDir,
    contextOf: (image) => `images/${image}`,
    baseImage: "base:1",
    log: spec.logging,
  });
  const dashboards = { "overview.json": "{}" };
  const fleet = new Fleet(stack, { platform, spec, grafana: true, dashboards, gates });
  // Everything hangs on the last parts: once they are there, so is the rest.
  await Promise.all(
    [
      fleet.gateway.workload.address,
      ...Object.values(fleet.monitoring.guarded).map(({ id }) => pulumi.output(id)),
    ].map((output) => new Promise((resolve) => output.apply(resolve))),
  );
  const containers = () =>
    named("Container").filter(({ name }) => name.startsWith(`mcp-fleet-${stack}-`));
  await vi.waitFor(() => expect(containers().length).toBeGreaterThanOrEqual(38), 30_000);
  return fleet;
}

const first = recordingGates("unit", { before: {}, firstStep: 100 });
let fleet: Fleet;
beforeAll(async () => {
  fleet = await deployed("unit", first.gates);
});

describe("the writing fleet", () => {
  it("has one running container for each part", () => {
    const running = named("Container")
      .filter(({ inputs }) => inputs["start"] !== false)
      .map(({ name }) => name.replace("mcp-fleet-unit-", ""));
    expect(running.sort()).toEqual(
      [
        ...servers,
        "alertmanager",
        "gateway",
        "grafana",
        "pgbouncer",
        "pgbouncer-exporter",
        "postgres",
        "postgres-exporter",
        "prometheus",
      ].sort(),
    );
  });

  it("gives servers generated names and singletons fixed ones", () => {
    for (const server of servers) expect(container(server)).not.toHaveProperty("name");
    for (const part of ["postgres", "pgbouncer", "gateway", "prometheus", "alertmanager"]) {
      expect(container(part)).toHaveProperty("name", `mcp-fleet-unit-${part}`);
    }
  });

  it("publishes ports of the gateway and the consoles only, the consoles on loopback", () => {
    const publishing = named("Container")
      .filter(({ inputs }) => inputs["ports"] !== undefined)
      .map(({ name }) => name.replace("mcp-fleet-unit-", ""))
      .sort();
    expect(publishing).toEqual(["alertmanager", "gateway", "grafana", "prometheus"]);
    const ports = named("Container").flatMap(
      ({ inputs }) => (inputs["ports"] ?? []) as { ip: string; external: number }[],
    );
    expect(new Set(ports.map(({ ip }) => ip))).toEqual(new Set(["127.0.0.1"]));
    expect(ports.map(({ external }) => external)).toEqual(
      expect.arrayContaining([8080, 9090, 9093, 3000, ...spec.servers.map(({ port }) => port)]),
    );
  });

  it("closes every network but the gateway's", () => {
    const networks = named("Network").map(({ name, inputs }) => [
      name.replace("mcp-fleet-unit-", ""),
      inputs["internal"],
    ]);
    expect(Object.fromEntries(networks)).toEqual({
      edge: false,
      mcp: true,
      data: true,
      db: true,
      obs: true,
    });
  });

  it("hardens every container that runs", () => {
    const running = named("Container").filter(({ inputs }) => inputs["start"] !== false);
    for (const { name, inputs } of running) {
      expect(inputs, name).toMatchObject({
        readOnly: true,
        capabilities: { drops: ["ALL"] },
        securityOpts: ["no-new-privileges:true"],
        memory: inputs["memorySwap"],
      });
      expect(inputs["user"], name).toMatch(/^[1-9][0-9]*:[1-9][0-9]*$/);
    }
  });

  it("labels every object", () => {
    for (const kind of ["Container", "Network", "Volume"]) {
      for (const { name, inputs } of named(kind)) {
        const labels = (inputs["labels"] as { label: string }[]).map(({ label }) => label);
        expect(labels.sort(), name).toEqual(Object.values(labelNames).sort());
      }
    }
  });

  it("keeps passwords out of environments, commands and labels", () => {
    const passwords = named("RandomPassword").map(({ name }) => `made-for-${name}`);
    expect(passwords.length).toBeGreaterThan(20);
    for (const { name, inputs } of named("Container")) {
      const { uploads: _uploads, ...seen } = inputs;
      const text = JSON.stringify(seen);
      expect(
        passwords.filter((password) => text.includes(password)),
        name,
      ).toEqual([]);
    }
  });

  it("wraps what holds a password as a secret", () => {
    const uploads = named("Container").filter(({ inputs }) => inputs["uploads"] !== undefined);
    expect(uploads.length).toBeGreaterThan(servers.length);
    const withPassword = [...uploads, ...named("LiveFiles")].filter(({ inputs }) =>
      JSON.stringify(inputs).includes("made-for-"),
    );
    expect(withPassword.length).toBeGreaterThan(servers.length);
    for (const { name, inputs } of withPassword) {
      const holder = (inputs["uploads"] ?? inputs["files"]) as Record<string, unknown>;
      expect(holder[secretMark], name).toBeDefined();
    }
  });

  it("gives Grafana the dashboards that it is given itself", () => {
    const files = container("grafana-dashboards-files")["uploads"];
    expect(JSON.stringify(files)).toContain("overview.json");
  });

  it("deploys the files that render writes", () => {
    const rendered = renderFleet(spec);
    const live = (reader: string): Record<string, string> => {
      const { files } = named("LiveFiles").find(
        ({ inputs }) => inputs["reader"] === `mcp-fleet-unit-${reader}`,
      )!.inputs as { files: string | { value: string } };
      return JSON.parse(typeof files === "string" ? files : files.value) as Record<string, string>;
    };
    // Host names and the hashes over them are the stack's own.
    const comparable = (text: string) =>
      text.replaceAll("mcp-fleet-unit-", "").replaceAll(/\b(v-)?[0-9a-f]{12,64}\b/g, "<hash>");
    for (const reader of ["postgres", "gateway", "prometheus", "alertmanager"]) {
      const { "tokens.map": _tokens, ...files } = live(reader);
      expect(Object.keys(files).length, reader).toBeGreaterThan(0);
      for (const [name, text] of Object.entries(files)) {
        expect(comparable(text), `${reader}/${name}`).toBe(
          comparable(rendered[`${reader}/${name}`] ?? "absent"),
        );
      }
    }
  });
});

/** Names of the objects that a gate waits for. */
async function waitsFor({ dependsOn }: Gate): Promise<string[]> {
  const urns = await Promise.all(
    dependsOn.map(({ urn }) => new Promise<string>((resolve) => urn.apply(resolve))),
  );
  return urns.map((urn) => urn.split("::").at(-1)!).sort();
}

describe("the gates of the writing fleet", () => {
  const stands = ["postgres", "pgbouncer", ...servers];

  it("ask the new servers and what they stand on before traffic moves", async () => {
    const gate = first.seen.private();
    expect(Object.keys(gate.parts).sort()).toEqual([...stands].sort());
    expect(await waitsFor(gate)).toEqual([...stands].sort());
  });

  it("ask the fleet as clients have it afterwards", async () => {
    const gate = first.seen.public();
    expect(Object.keys(gate.parts).sort()).toEqual(
      [...stands, "gateway", "prometheus", "alertmanager"].sort(),
    );
    expect(await waitsFor(gate)).toEqual(
      [
        ...["gateway", "postgres-exporter", "pgbouncer-exporter"],
        ...["alertmanager", "prometheus", "grafana"],
      ].sort(),
    );
  });

  it("know each part by its container and by the host name it answers at", () => {
    const { parts } = first.seen.public();
    for (const [part, { id }] of Object.entries(parts)) {
      expect(id, part).toBe(`mcp-fleet-unit-${part}-id`);
    }
    const { gateway, prometheus, postgres } = parts;
    expect([gateway, prometheus, postgres].map((part) => part!.address)).toEqual([
      "mcp-fleet-unit-gateway",
      "mcp-fleet-unit-prometheus",
      "mcp-fleet-unit-postgres",
    ]);
    const addresses = Object.values(parts).map(({ address }) => address);
    expect(new Set(addresses).size).toBe(addresses.length);
  });

  it("let no route move before the private one", () => {
    const own = [...waits].filter(([name]) => name.includes("gateway-files"));
    expect(own.map(([, dependsOn]) => dependsOn)).toEqual([
      expect.arrayContaining([first.seen.private().resource]),
    ]);
    const others = [...waits].filter(([name]) => !name.includes("gateway-files"));
    expect(others.length).toBeGreaterThan(0);
    for (const [name, dependsOn] of others) {
      expect(dependsOn, name).not.toContain(first.seen.private().resource);
    }
  });

  it("open the secrets that probes name", async () => {
    const [client] = spec.gateway.clients;
    const tokens = await new Promise<Record<string, { primary: string }>>((resolve) =>
      fleet.gateway.tokens.apply(resolve),
    );
    expect(await fleet.secret({ kind: "token", of: client!.name })).toBe(
      tokens[client!.name]!.primary,
    );
  });
});

describe("a fleet that takes over", () => {
  const [old, other] = servers as [string, string];
  const second = recordingGates("next", {
    before: { [old]: { workload: "host-of-before" } },
    firstStep: 25,
  });
  beforeAll(async () => {
    await deployed("next", second.gates);
  });

  function routes(): string {
    const { files } = named("LiveFiles").find(
      ({ inputs }) => inputs["reader"] === "mcp-fleet-next-gateway",
    )!.inputs as { files: string | { value: string } };
    const all = JSON.parse(typeof files === "string" ? files : files.value) as Record<
      string,
      string
    >;
    return all["haproxy.cfg"]!;
  }

  it("keeps the backend of the server before beside the new one, with the rest of the share", () => {
    const lines = routes()
      .split("\n")
      .filter((line) => /^\s*server /.test(line));
    const draining = lines.filter((line) => line.includes("host-of-before"));
    expect(draining.length).toBeGreaterThan(0);
    for (const line of draining) expect(line).toMatch(/weight 75\b/);
    const live = second.seen.private().parts[old]!.address;
    expect(
      lines.filter((line) => line.includes(`${live}:`) && /weight 25\b/.test(line)).length,
    ).toBeGreaterThan(0);
  });

  it("has one backend alone for a server that was not there before", () => {
    const { port } = spec.servers.find(({ name }) => name === other)!;
    const { address } = second.seen.private().parts[other]!;
    const targets = [...routes().matchAll(/^\s*server \S+ (\S+)/gm)].map(([, target]) => target!);
    const own = targets.filter((target) => target.endsWith(`:${port}`));
    expect(new Set(own)).toEqual(new Set([`${address}:${port}`]));
  });
});
