import * as pulumi from "@pulumi/pulumi";
import { describe, expect, it, vi } from "vitest";
import { DockerPlatform } from "../../components/platform/docker/docker-platform.ts";
import { KubernetesPlatform } from "../../components/platform/kubernetes/kubernetes-platform.ts";
import { kubernetesSchema } from "../../components/platform/kubernetes/kubernetes.schema.ts";
import type { Platform } from "../../components/platform/platform.ts";
import { loadFleet } from "../../infra/config/index.ts";
import { Fleet } from "../../infra/fleet.ts";
import type { GuardedParts } from "../../infra/release-gates.ts";
import { renderFleet } from "../../infra/render.ts";
import { rootDir } from "../../infra/root-dir.ts";
import { certificate } from "../components/database/certificate.ts";
import {
  isAllowed,
  type Party,
  type Policy,
} from "../components/platform/kubernetes/policy-evaluator.ts";
import { recordResources, type Created } from "./record-resources.ts";

vi.mock("../../components/platform/kubernetes/live-files.ts", async () => ({
  LiveFilesResource: (await import("./without-code.ts")).withoutCode("LiveSecret"),
}));
vi.mock("../../components/platform/docker/live-files.ts", async () => ({
  LiveFilesResource: (await import("./without-code.ts")).withoutCode("LiveFiles"),
}));
vi.mock("../../components/platform/docker/job.ts", async () => ({
  JobResource: (await import("./without-code.ts")).withoutCode("Job"),
}));

const created: Created[] = [];

const { fleet: spec } = loadFleet({
  ...{ fleetPath: "fleets/writing.yaml", env: {}, rootDir },
  sets: [
    "postgres.external.host=db.example.com",
    "postgres.external.port=5433",
    "postgres.external.cidrs=[10.0.8.0/24]",
    `postgres.external.tls.ca=${certificate}`,
  ],
});

/** A fleet of its own mocks, and what its gates guard. */
async function deploy(make: () => Platform): Promise<GuardedParts[]> {
  await recordResources(created);
  const guarded: GuardedParts[] = [];
  const gate = (parts: GuardedParts) => {
    guarded.push(parts);
    return new pulumi.ComponentResource("test:index:Gate", `gate-${guarded.length}`);
  };
  new Fleet("prod", {
    ...{ platform: make(), spec, grafana: false, databasePassword: "somebody-else's" },
    gates: { before: {}, firstStep: 100, private: gate, public: gate },
  });
  // Until all is registered.
  await pulumi.runtime.disconnect();
  const names = created.map(({ name }) => name).join();
  for (const last of ["prometheus", "pgbouncer", "postgres-exporter", "gateway"])
    expect(names).toContain(last);
  return guarded;
}

const identity = {
  ...{ stack: "prod", release: "r-1", transaction: "t-1", lineage: "l-1" },
  previous: new Map(),
};

/** What only a database of our own has. */
const own = /(^|prod-)postgres(-17|-secrets.*|-config.*)?$/;

describe("a fleet with an external database", () => {
  it("has no server of its own on a cluster, and lets only those who need it call it there", async () => {
    const guarded = await deploy(
      () =>
        new KubernetesPlatform("platform", {
          ...{ identity, place: { namespace: "mcp-fleet-prod" }, apiServer: [] },
          settings: kubernetesSchema.parse({}),
          tagOf: () => "0123456789abcdef",
        }),
    );
    expect(created.filter(({ name }) => own.test(name))).toEqual([]);
    expect(created.map(({ name }) => name)).not.toContain("credentials-owner");
    for (const parts of guarded) expect(parts).not.toHaveProperty("postgres");

    const ofKind = (kind: string) =>
      created.filter(({ type }) => type.startsWith("kubernetes:") && type.endsWith(`:${kind}`));
    const policies = ofKind("NetworkPolicy").map(({ inputs }) => inputs["spec"] as Policy);
    const pods = ["StatefulSet", "Deployment", "Job"]
      .flatMap(ofKind)
      .map(
        ({ name, inputs }) =>
          [
            name,
            (inputs["spec"] as { template: { metadata: { labels: Record<string, string> } } })
              .template.metadata.labels,
          ] as const,
      );
    const callers = (party: Party, port: number) =>
      pods
        .filter(([, labels]) => isAllowed(policies, labels, party, port))
        .map(([name]) => name)
        .sort();
    expect(callers({ address: "10.0.8.7" }, 5433)).toEqual([
      ...["migrations", "pgbouncer", "postgres-exporter"],
    ]);
    // Alertmanager may not call the world either: this fleet has no receivers.
    expect(callers({ address: "10.0.8.7" }, 5432)).toEqual([]);
    expect(callers({ address: "10.0.9.7" }, 5433)).toEqual([]);
  });

  it("gives the network of the database a way out on one machine, and no other", async () => {
    await deploy(
      () =>
        new DockerPlatform("platform", {
          ...{ identity, rootDir, baseImage: "base:1", log: spec.logging, routed: ["db"] },
          contextOf: (image) => `images/${image}`,
        }),
    );
    expect(created.filter(({ name }) => own.test(name))).toEqual([]);
    const networks = created.filter(({ type }) => type.endsWith(":Network"));
    expect(
      Object.fromEntries(networks.map(({ name, inputs }) => [name, inputs["internal"]])),
    ).toEqual({
      "mcp-fleet-prod-edge": false,
      "mcp-fleet-prod-mcp": true,
      "mcp-fleet-prod-data": true,
      "mcp-fleet-prod-db": false,
      "mcp-fleet-prod-obs": true,
    });
  });

  it("renders no files of a server, and the certificates beside the pooler's", () => {
    const files = renderFleet(spec);
    expect(Object.keys(files).filter((file) => file.startsWith("postgres/"))).toEqual([]);
    expect(files["pgbouncer/server-ca.crt"]).toBe(certificate);
    expect(files["pgbouncer/pgbouncer.ini"]).toContain("host='db.example.com' port='5433'");
    expect(files["migrations/roles.json"]).toContain('"connections": 170');
  });
});
