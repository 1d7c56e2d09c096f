import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { renderAlertmanager } from "../../components/monitoring/alertmanager.render.ts";
import { alertGroups } from "../../components/monitoring/alerts/alert-rule.ts";
import { readAlerts } from "../../components/monitoring/alerts/settings.ts";
import { allAlerts } from "../../components/monitoring/alerts/catalogue.ts";
import { monitoringSchema } from "../../components/monitoring/monitoring.schema.ts";
import { prometheusCommand } from "../../components/monitoring/prometheus.ts";
import {
  renderPrometheus,
  renderPrometheusTests,
  type PrometheusInput,
} from "../../components/monitoring/prometheus.render.ts";
import { renderAlertTests, renderRules } from "../../components/monitoring/rules.render.ts";
import {
  gatewayTarget,
  pgbouncerTarget,
  postgresTarget,
  serverTarget,
} from "../../components/monitoring/scrape-target.ts";
import { mutantsOf, passing, unchanged } from "./alert-mutants.ts";
import { docker } from "./gateway-harness.ts";
import { monitoringImage, must, RunningProgram, until, Versions } from "./monitoring-harness.ts";

const defaults = monitoringSchema.parse({});
const fleetInput: PrometheusInput = {
  fleet: "writing",
  environment: "staging",
  spec: defaults,
  targets: [
    serverTarget({ name: "scene", port: 3005, critical: false }, "scene-0a1b2c3", 9464),
    serverTarget({ name: "database-admin", port: 3010, critical: true }, "admin-0a1b2c3", 9464),
    gatewayTarget("gateway"),
    postgresTarget("postgres-exporter"),
    pgbouncerTarget("pgbouncer-exporter"),
  ],
  alertmanager: "alertmanager",
};

let images: Record<"prometheus" | "alertmanager", string>;

beforeAll(async () => {
  images = {
    prometheus: await monitoringImage("prometheus"),
    alertmanager: await monitoringImage("alertmanager"),
  };
});

/** Runs a program of the image on a directory of files. */
async function judge(
  image: keyof typeof images,
  files: Readonly<Record<string, string>>,
  ...command: readonly string[]
) {
  const versions = new Versions();
  try {
    versions.write("v", files);
    const [program = "", ...args] = command;
    return await docker(
      "run",
      "--rm",
      "--network=none",
      "--read-only",
      // Unit tests run on a time series database of their own.
      "--tmpfs=/tmp:mode=1777",
      `-v=${versions.directory}/v:/v:ro`,
      "-w=/v",
      `--entrypoint=${program}`,
      images[image],
      ...args,
    );
  } finally {
    versions.remove();
  }
}

describe("Prometheus's files, judged by promtool", () => {
  const files = renderPrometheus(fleetInput);
  const tests = renderPrometheusTests(fleetInput);
  const rules = Object.keys(files).filter((file) => file.endsWith(".rules.yml"));

  it("are valid wherever they lie", async () => {
    const { code, output } = await judge("prometheus", files, "prometheus-ctl", "check", "/v");
    expect(output).toContain(`${rules.length} rule files found`);
    expect(code, output).toBe(0);
  });

  it("have rules without a lint finding", async () => {
    const { code, output } = await judge(
      "prometheus",
      files,
      ...["promtool", "check", "rules", "--lint=all", "--lint-fatal", ...rules],
    );
    expect(code, output).toBe(0);
  });

  it.each([...alertGroups, "recording"])(
    "have rules that pass their unit tests: %s",
    async (group) => {
      const own = Object.keys(tests).filter((file) => file.startsWith(`${group}.`));
      expect(own.length).toBeGreaterThan(0);
      const { code, output } = await judge(
        "prometheus",
        { ...files, ...tests },
        ...["promtool", "test", "rules", ...own],
      );
      expect(code, output).toBe(0);
      expect(output.match(/SUCCESS/g)).toHaveLength(own.length);
    },
    600_000,
  );

  it.each([1, 30, 120])(
    "have a heartbeat that passes its tests at %i s a scrape",
    async (interval) => {
      const watchdog = allAlerts()
        .find(({ name }) => name === "Watchdog")!
        .rule({ scrapeIntervalSeconds: interval, runbooks: "docs/runbooks" });
      const own = renderAlertTests("monitoring", [watchdog]);
      const { code, output } = await judge(
        "prometheus",
        { ...own, "monitoring.rules.yml": renderRules("monitoring", [], [watchdog]) },
        ...["promtool", "test", "rules", ...Object.keys(own)],
      );
      expect(code, output).toBe(0);
    },
  );

  it("have rules that pass their unit tests with a fleet's own numbers", async () => {
    const spec = monitoringSchema.parse({
      slo: { availability: 0.99, latency: 0.99, latencyMs: 1000 },
      alerts: {
        HighLatencyP95: { thresholds: { time: "500ms", minimumCalls: 100 }, for: "2m" },
        CriticalLatencyP95: { thresholds: { time: "1s" }, for: "1m" },
        HighErrorRate: { thresholds: { ratio: "0.3%" }, for: "0s" },
        LowToolSuccess: { thresholds: { ratio: "99.5%" } },
        HighConcurrency: { thresholds: { calls: 7 }, for: "10m", severity: "info" },
        ServiceRestarting: { thresholds: { restarts: 0 } },
        PostgresLongTransaction: { thresholds: { age: "1h" }, for: "20s" },
        GatewayQueue: { thresholds: { requests: 12 } },
        PoolSaturated: { thresholds: { clients: 0 }, for: "1h" },
        HighMemoryUsage: { for: "30m" },
        TargetDown: { thresholds: { ratio: "50%" } },
      },
    });
    const { changes, problems } = readAlerts(spec.alerts);
    expect(problems).toEqual([]);
    const alerts = allAlerts(spec.slo).filter(
      ({ name, group }) => changes[name] !== undefined || group.startsWith("slo"),
    );
    const sound = unchanged(alerts, changes, spec.slo);
    expect(sound.length).toBeGreaterThan(14);
    const names = sound.map(({ name }) => name);
    expect(await passing(images.prometheus, sound)).toEqual(names);
  }, 600_000);

  it("have unit tests that notice every change of a sample of alerts", async () => {
    const sample = ["ServiceDown", "HighErrorRate", "PoolSaturated", "PrometheusRuleFailures"];
    const alerts = allAlerts().filter(({ name }) => sample.includes(name));
    expect(alerts).toHaveLength(sample.length);
    const sound = unchanged(alerts);
    expect(await passing(images.prometheus, sound)).toEqual(sound.map(({ name }) => name));
    const mutants = mutantsOf(alerts);
    expect(mutants.length).toBeGreaterThan(25);
    expect(await passing(images.prometheus, mutants)).toEqual([]);
  }, 600_000);

  it.each([
    ["prometheus.yml", "scrape_interval: 15s", "scrape_interval: soon"],
    ["servers.rules.yml", "max by", "mux by"],
  ])("are refused when %s has a mistake", async (file, from, to) => {
    const broken = { ...files, [file]: files[file]!.replace(from, to) };
    const { code, output } = await judge("prometheus", broken, "prometheus-ctl", "check", "/v");
    expect(code).not.toBe(0);
    expect(output).toMatch(/FAILED/);
  });
});

describe("Alertmanager's files, judged by amtool", () => {
  const files = renderAlertmanager(defaults);

  it("are valid", async () => {
    const { code, output } = await judge("alertmanager", files, "alertmanager-ctl", "check", "/v");
    expect(code, output).toBe(0);
    expect(output).toContain("inhibit rules");
  });

  it("are refused when a route names a receiver that is not there", async () => {
    const broken = files["alertmanager.yml"]!.replace("receiver: unrouted", "receiver: pager");
    const { code, output } = await judge(
      "alertmanager",
      { "alertmanager.yml": broken },
      ...["alertmanager-ctl", "check", "/v"],
    );
    expect(code).not.toBe(0);
    expect(output).toContain("pager");
  });
});

describe("the running pair", () => {
  const network = `mcp-fleet-test-monitoring-${process.pid}`;
  const prometheus = new RunningProgram("prometheus");
  const alertmanager = new RunningProgram("alertmanager");
  let server: Server;
  let input: PrometheusInput;

  /** One second instead of fifteen: a test has no minute to wait. */
  const spec = monitoringSchema.parse({
    prometheus: { scrapeIntervalSeconds: 1, evaluationIntervalSeconds: 1 },
  });

  const query = async (expr: string) => {
    const path = `/api/v1/query?query=${encodeURIComponent(expr)}`;
    const answer = (await prometheus.getJson(path)) as {
      data: { result: { metric: Record<string, string>; value: [number, string] }[] };
    };
    return answer.data.result;
  };
  const jobsOf = async () => (await query("up")).map(({ metric }) => metric["job"]).sort();

  beforeAll(async () => {
    await must("network", "create", "--label=mcp-fleet-test=monitoring", network);
    const host = await must(
      "network",
      "inspect",
      "--format={{(index .IPAM.Config 0).Gateway}}",
      network,
    );
    // Stands in for a server: names itself on its series, as ours do, and one more thing that it may not rename.
    server = createServer((_request, response) => {
      response.setHeader("content-type", "text/plain; version=0.0.4");
      response.end(
        'mcp_requests_total{service="scene"} 1\nmcp_requests_total{service="other"} 2\n',
      );
    });
    await new Promise<void>((resolve) => server.listen(0, host, resolve));
    input = {
      ...fleetInput,
      spec,
      alertmanager: alertmanager.name,
      targets: [
        serverTarget(
          { name: "scene", port: 3005, critical: false },
          host,
          (server.address() as AddressInfo).port,
        ),
      ],
    };
    alertmanager.versions.write("v1", renderAlertmanager(defaults));
    alertmanager.versions.makeCurrent("v1");
    await alertmanager.start(images.alertmanager, network, []);
    prometheus.versions.write("v1", renderPrometheus(input));
    prometheus.versions.makeCurrent("v1");
    await prometheus.start(
      images.prometheus,
      network,
      prometheusCommand(spec.prometheus, "http://127.0.0.1:9090"),
    );
  });

  afterAll(async () => {
    await prometheus.stop();
    await alertmanager.stop();
    await docker("network", "rm", network);
    await new Promise((resolve) => server.close(resolve));
  });

  it("runs what it was started with", async () => {
    await prometheus.untilVerified();
    await alertmanager.untilVerified();
    for (const program of [prometheus, alertmanager]) {
      expect(await must("exec", program.name, "sh", "-c", "cat /proc/1/comm; id -u")).toMatch(
        program === prometheus ? /^prometheus\n10073$/ : /^prometheus-aler\n10074$/,
      );
    }
  });

  it("scrapes every part", async () => {
    const up = await until(
      () => query("up == 1"),
      (result) => result.length === 3,
      "three targets are up",
    );
    expect(
      up.map(({ metric }) => [metric["job"], metric["service"], metric["component"]]).sort(),
    ).toEqual([
      ["alertmanager", "alertmanager", "monitoring"],
      ["prometheus", "prometheus", "monitoring"],
      ["scene", "scene", "mcp-server"],
    ]);
  });

  it("names a server once on its series and keeps any other claim visible", async () => {
    const series = await query("mcp_requests_total");
    expect(
      series
        .map(({ metric }) => [metric["service"], metric["exported_service"]])
        .sort(([, a = ""], [, b = ""]) => a.localeCompare(b)),
    ).toEqual([
      ["scene", undefined],
      ["scene", "other"],
    ]);
  });

  it("delivers the watchdog to Alertmanager, with the fleet's name on it", async () => {
    const alerts = await until(
      () => alertmanager.getJson("/api/v2/alerts") as Promise<{ labels: object }[]>,
      (found) => found.length > 0,
      "an alert arrives",
    );
    expect(alerts).toMatchObject([
      {
        labels: {
          alertname: "Watchdog",
          severity: "none",
          fleet: "writing",
          environment: "staging",
          service: "prometheus",
          component: "monitoring",
        },
        receivers: [{ name: "unrouted" }],
        status: { state: "active" },
      },
    ]);
  });

  it("inhibits what follows from a part that is down, for this part alone", async () => {
    const alert = (alertname: string, service: string, severity: string) => ({
      labels: { alertname, service, severity, component: "mcp-server" },
    });
    const { status } = await alertmanager.post("/api/v2/alerts", [
      alert("ServiceDown", "review", "critical"),
      alert("HighErrorRate", "review", "warning"),
      alert("HighErrorRate", "author", "warning"),
    ]);
    expect(status).toBe(200);
    const states = await until(
      async () =>
        Object.fromEntries(
          (
            (await alertmanager.getJson("/api/v2/alerts")) as {
              labels: Record<string, string>;
              status: { state: string };
            }[]
          ).map(({ labels, status }) => [
            `${labels["alertname"]} ${labels["service"]}`,
            status.state,
          ]),
        ),
      (found) => found["HighErrorRate review"] === "suppressed",
      "the effect is suppressed",
    );
    expect(states).toMatchObject({
      "ServiceDown review": "active",
      "HighErrorRate review": "suppressed",
      "HighErrorRate author": "active",
    });
  });

  it("takes up changed targets by a reload, and says so only once it has", async () => {
    const [scene] = input.targets;
    const changed = {
      ...input,
      targets: [
        scene!,
        { ...scene!, job: "review", labels: { ...scene!.labels, service: "review" } },
      ],
    };
    prometheus.versions.write("v2", renderPrometheus(changed));
    expect(await prometheus.ctl("check", "/etc/prometheus/v2")).toMatchObject({ code: 0 });
    prometheus.versions.makeCurrent("v2");
    expect(await prometheus.ctl("verify")).toMatchObject({
      code: 1,
      output: expect.stringMatching(/version v-[0-9a-f]{12} is not in force/) as string,
    });
    expect(await prometheus.ctl("reload")).toMatchObject({ code: 0 });
    await prometheus.untilVerified();
    const jobs = await until(jobsOf, (found) => found.length === 4, "the new job is scraped");
    expect(jobs).toEqual(["alertmanager", "prometheus", "review", "scene"]);
  });

  it("keeps what it runs when files are broken, and does not call them in force", async () => {
    const files = renderPrometheus({ ...input, environment: "other" });
    prometheus.versions.write("v3", {
      ...files,
      "servers.rules.yml": files["servers.rules.yml"]!.replace("max by", "mux by"),
    });
    const checked = await prometheus.ctl("check", "/etc/prometheus/v3");
    expect(checked.code).not.toBe(0);
    expect(checked.output).toContain("could not parse expression");
    prometheus.versions.makeCurrent("v3");
    await prometheus.ctl("reload");
    await until(
      () => must("logs", prometheus.name),
      (log) => /level=error.*(reload|loading)/i.test(log),
      "the reload has failed",
    );
    expect((await prometheus.ctl("verify")).code).toBe(1);
    expect(await jobsOf()).toEqual(["alertmanager", "prometheus", "review", "scene"]);
    prometheus.versions.makeCurrent("v2");
    await prometheus.ctl("reload");
    await prometheus.untilVerified();
  });

  it("tells by the file's own hash which routes Alertmanager runs", async () => {
    const { "alertmanager.yml": config = "" } = renderAlertmanager(defaults);
    alertmanager.versions.write("v2", {
      "alertmanager.yml": config.replace("repeat_interval: 12h", "repeat_interval: 13h"),
    });
    alertmanager.versions.makeCurrent("v2");
    expect(await alertmanager.ctl("verify")).toMatchObject({
      code: 1,
      output: expect.stringContaining("is not in force") as string,
    });
    expect(await alertmanager.ctl("reload")).toMatchObject({ code: 0 });
    await alertmanager.untilVerified();
    alertmanager.versions.write("v3", { "alertmanager.yml": `${config}nonsense: 1\n` });
    alertmanager.versions.makeCurrent("v3");
    await alertmanager.ctl("reload");
    await until(
      () => alertmanager.ctl("verify"),
      ({ code, output }) => code === 1 && output.includes("not in force"),
      "the broken file is not in force",
    );
    const { config: running } = (await alertmanager.getJson("/api/v2/status")) as {
      config: { original: string };
    };
    expect(running.original).toContain("repeat_interval: 13h");
    alertmanager.versions.makeCurrent("v2");
    await alertmanager.ctl("reload");
    await alertmanager.untilVerified();
  });

  it("comes back on its volume after a crash, with the samples of before", async () => {
    await must("kill", "--signal=KILL", prometheus.name);
    await must("start", prometheus.name);
    await prometheus.untilHealthy();
    const restarted = Number(
      Date.parse(await must("inspect", "--format={{.State.StartedAt}}", prometheus.name)) / 1000,
    );
    const before = await query(`up{job="prometheus"} @ ${restarted - 1}`);
    expect(before).toHaveLength(1);
  });

  it("offers no way to stop or reload it over HTTP", async () => {
    for (const path of ["/-/quit", "/-/reload"]) {
      expect((await prometheus.post(path)).status, path).toBe(403);
    }
  });
});
