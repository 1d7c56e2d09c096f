import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { renderAlertmanager } from "../../components/monitoring/alertmanager.render.ts";
import { monitoringSchema } from "../../components/monitoring/monitoring.schema.ts";
import { prometheusCommand } from "../../components/monitoring/prometheus.ts";
import {
  renderPrometheus,
  type PrometheusInput,
} from "../../components/monitoring/prometheus.render.ts";
import { serverTarget } from "../../components/monitoring/scrape-target.ts";
import { docker } from "./gateway-harness.ts";
import { monitoringImage, must, RunningProgram, until } from "./monitoring-harness.ts";
import { defaults, fleetInput } from "./monitoring-input.ts";

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
    await alertmanager.start(await monitoringImage("alertmanager"), network, []);
    prometheus.versions.write("v1", renderPrometheus(input));
    prometheus.versions.makeCurrent("v1");
    await prometheus.start(
      await monitoringImage("prometheus"),
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
