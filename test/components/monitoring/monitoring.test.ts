import * as pulumi from "@pulumi/pulumi";
import { beforeEach, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { Alertmanager } from "../../../components/monitoring/alertmanager.ts";
import { Grafana } from "../../../components/monitoring/grafana.ts";
import { monitoringSchema } from "../../../components/monitoring/monitoring.schema.ts";
import { Prometheus } from "../../../components/monitoring/prometheus.ts";
import { serverTarget } from "../../../components/monitoring/scrape-target.ts";
import type { WorkloadArgs } from "../../../components/platform/platform.ts";
import { only, recordingPlatform, value } from "./recording-platform.ts";

let created: string[] = [];

await pulumi.runtime.setMocks(
  {
    newResource: ({ type, name, inputs }) => {
      created.push(`${type} ${name}`);
      const state = inputs as Record<string, unknown>;
      return {
        id: `${name}-id`,
        state: type.startsWith("random:") ? { ...state, result: `made-for-${name}` } : state,
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

beforeEach(() => {
  created = [];
});

/** What was created under this name: registrations of an earlier test may still come in. */
function createdFor(name: string): string[] {
  return created.filter((entry) => entry.split(" ")[1]?.startsWith(name)).sort();
}

const spec = monitoringSchema.parse({
  prometheus: { port: 19090, retentionDays: 7, memoryMb: 400, cpus: 1.5 },
  alertmanager: { port: 19093, image: "registry.example/am:1" },
  grafana: { port: 13000 },
});

/** Everything that is the same for each console. */
function expectConsole(workload: WorkloadArgs, port: number, hostPort: number): void {
  expect(workload).toMatchObject({
    networks: ["edge", "obs"],
    publish: [{ port, hostIp: "127.0.0.1", hostPort }],
    strategy: "singleton",
    stop: { signal: "SIGTERM" },
    user: expect.stringMatching(/^[1-9]\d*:[1-9]\d*$/) as string,
  });
}

describe("Prometheus", () => {
  function build() {
    const { platform, asked } = recordingPlatform();
    const scene = { name: "scene", port: 3005, critical: false };
    const prometheus = new Prometheus("prometheus", {
      platform,
      spec,
      fleet: "writing",
      environment: "staging",
      targets: [serverTarget(scene, pulumi.output("scene-0a1b2c3"), 9464)],
    });
    return { prometheus, asked };
  }

  it("is itself, its files and one workload on one volume", async () => {
    const { prometheus, asked } = build();
    await value(prometheus.urn);
    await value(prometheus.resource.urn);
    expect(createdFor("prometheus")).toEqual([
      "mcpfleet:monitoring:Prometheus prometheus",
      "test:index:LiveFiles prometheus-config",
      "test:index:Workload prometheus",
    ]);
    expect(asked.volumes).toEqual(["prometheus-data"]);
    const workload = only(asked.workloads, "prometheus");
    expectConsole(workload, 9090, 19090);
    expect(workload.mounts?.map(({ path, source }) => [path, source.kind])).toEqual([
      ["/prometheus", "data"],
      ["/etc/prometheus", "files"],
    ]);
    expect(await value(prometheus.url)).toBe("http://127.0.0.1:19090");
    expect(await value(prometheus.address)).toBe("host-prometheus");
  });

  it("scrapes what it is given at the address that is only known later", async () => {
    const { asked } = build();
    const files = await value(only(asked.liveFiles, "prometheus-config").files);
    const config = parse(files["prometheus.yml"]!) as {
      scrape_configs: { static_configs: { targets: string[] }[] }[];
    };
    expect(config.scrape_configs.flatMap((job) => job.static_configs[0]!.targets)).toEqual([
      "host-alertmanager:9093",
      "127.0.0.1:9090",
      "scene-0a1b2c3:9464",
    ]);
  });

  it("keeps within its memory, its cores and its retention", () => {
    const workload = only(build().asked.workloads, "prometheus");
    expect(workload.command).toContain("--storage.tsdb.retention.time=7d");
    expect(workload.command).toContain("--query.max-samples=6553600");
    expect(JSON.stringify(workload.command)).not.toContain("lifecycle");
    expect(workload.env).toEqual({ GOMAXPROCS: "2", GOMEMLIMIT: "360MiB" });
  });

  it("has its files judged, reloaded and verified where it reads them, as its own user", () => {
    const { asked } = build();
    const workload = only(asked.workloads, "prometheus");
    expect(only(asked.liveFiles, "prometheus-config")).toMatchObject({
      reader: "prometheus",
      owner: workload.user,
      check: ["prometheus-ctl", "check", "{dir}"],
      reload: ["prometheus-ctl", "reload"],
      verify: ["prometheus-ctl", "verify"],
      mountPath: "/etc/prometheus",
    });
  });
});

describe("Alertmanager", () => {
  it("is itself, its files and one workload on one volume, from the image that is asked for", async () => {
    const { platform, asked } = recordingPlatform();
    const alertmanager = new Alertmanager("alertmanager", { platform, spec });
    await value(alertmanager.urn);
    await value(alertmanager.resource.urn);
    expect(createdFor("alertmanager")).toEqual([
      "mcpfleet:monitoring:Alertmanager alertmanager",
      "test:index:LiveFiles alertmanager-config",
      "test:index:Workload alertmanager",
    ]);
    expect([...asked.images]).toEqual([["alertmanager", "registry.example/am:1"]]);
    expect(asked.volumes).toEqual(["alertmanager-data"]);
    const workload = only(asked.workloads, "alertmanager");
    expectConsole(workload, 9093, 19093);
    expect(only(asked.liveFiles, "alertmanager-config")).toMatchObject({
      reader: "alertmanager",
      owner: workload.user,
      mountPath: "/etc/alertmanager",
    });
    expect(await value(alertmanager.url)).toBe("http://127.0.0.1:19093");
  });

  it("hands over the secrets of receivers as files of their own, marked secret", async () => {
    const { platform, asked } = recordingPlatform();
    const secret = "https://hooks.example.com/T0/B0/opensesame";
    new Alertmanager("alertmanager", {
      platform,
      spec: monitoringSchema.parse({
        alertmanager: {
          receivers: [{ name: "hook", kind: "webhook" }],
          routes: { critical: ["hook"] },
        },
      }),
      receivers: { hook: secret },
    });
    const files = asked.liveFiles.get("alertmanager-config")!.files as Record<
      string,
      pulumi.Output<string>
    >;
    expect(Object.keys(files).sort()).toEqual(["alertmanager.yml", "receiver-hook"]);
    expect(await pulumi.isSecret(files["receiver-hook"]!)).toBe(true);
    expect(await value(files["receiver-hook"]!)).toBe(secret);
    expect(await value(files["alertmanager.yml"]!)).not.toContain("opensesame");
  });
});

describe("Grafana", () => {
  function build() {
    const { platform, asked } = recordingPlatform();
    const grafana = new Grafana("grafana", {
      platform,
      spec: spec.grafana,
      image: { reference: "grafana/grafana:1" },
      scrapeIntervalSeconds: 15,
      dashboards: { "overview.json": "{}" },
    });
    return { grafana, asked };
  }

  it("is itself, two secrets, three directories and one workload on one volume", async () => {
    const { grafana, asked } = build();
    await value(grafana.urn);
    await value(grafana.adminPassword);
    await value(grafana.resource.urn);
    expect(createdFor("grafana")).toEqual([
      "mcpfleet:monitoring:Grafana grafana",
      "random:index/randomPassword:RandomPassword grafana-admin-password",
      "random:index/randomPassword:RandomPassword grafana-secret-key",
      "test:index:Files grafana-dashboards",
      "test:index:Files grafana-datasources",
      "test:index:Files grafana-secrets",
      "test:index:Workload grafana",
    ]);
    const workload = only(asked.workloads, "grafana");
    expectConsole(workload, 3000, 13000);
    expect(workload.image.reference).toBe("grafana/grafana:1");
    expect(asked.volumes).toEqual(["grafana-data"]);
  });

  it("hands over secrets as files, marked secret, and names only their paths in the environment", async () => {
    const { grafana, asked } = build();
    expect(await pulumi.isSecret(grafana.adminPassword)).toBe(true);
    const secrets = asked.files.get("grafana-secrets")!.files as Record<
      string,
      pulumi.Output<string>
    >;
    for (const secret of Object.values(secrets)) expect(await pulumi.isSecret(secret)).toBe(true);
    const workload = only(asked.workloads, "grafana");
    const directory = workload.mounts?.find(
      ({ source }) => source.name === "grafana-secrets",
    )?.path;
    const byFile = Object.entries(workload.env ?? {}).filter(([name]) => name.endsWith("__FILE"));
    expect(byFile.map(([, path]) => path).sort()).toEqual(
      Object.keys(secrets)
        .sort()
        .map((file) => `${directory}/${file}`),
    );
    expect(JSON.stringify(workload.env)).not.toContain("made-for");
  });

  it("lets nobody in without a login and tells nobody outside", () => {
    expect(only(build().asked.workloads, "grafana").env).toMatchObject({
      GF_AUTH_ANONYMOUS_ENABLED: "false",
      GF_USERS_ALLOW_SIGN_UP: "false",
      GF_ANALYTICS_REPORTING_ENABLED: "false",
      GF_ANALYTICS_CHECK_FOR_UPDATES: "false",
      GF_ANALYTICS_CHECK_FOR_PLUGIN_UPDATES: "false",
    });
  });
});
