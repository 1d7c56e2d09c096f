import { beforeAll, describe, expect, it } from "vitest";
import { renderAlertmanager } from "../../components/monitoring/alertmanager.render.ts";
import { alertGroups } from "../../components/monitoring/alerts/alert-rule.ts";
import { readAlerts } from "../../components/monitoring/alerts/settings.ts";
import { allAlerts } from "../../components/monitoring/alerts/catalogue.ts";
import { monitoringSchema } from "../../components/monitoring/monitoring.schema.ts";
import { renderPrometheus } from "../../components/monitoring/prometheus.render.ts";
import {
  renderRuleFiles,
  renderRulesElsewhere,
  renderRuleTests,
} from "../../components/monitoring/rule-files.render.ts";
import { renderAlertTests, renderRules } from "../../components/monitoring/rules.render.ts";
import {
  scopedFiles,
  scopedTests,
  someOfEachAlert,
} from "../components/monitoring/scoped-tests.ts";
import { mutantsOf, passing, promtoolMemory, unchanged } from "./alert-mutants.ts";
import { docker } from "./gateway-harness.ts";
import { monitoringImage, Versions } from "./monitoring-harness.ts";
import { defaults, fleetInput } from "./monitoring-input.ts";

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
      promtoolMemory,
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
  const tests = renderRuleTests(fleetInput);
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

  it.each([...alertGroups, "recording"])(
    "have rules that pass them beside another fleet with the same troubles: %s",
    async (group) => {
      const own = Object.fromEntries(
        Object.entries(tests)
          .filter(([file]) => file.startsWith(`${group}.`))
          // The others are about the numbers of a rule, which another fleet does not change.
          .map(([file, text]) => [file, someOfEachAlert(text)]),
      );
      const [scope, other] = ["fleet-a", "fleet-b"].map((namespace) => ({ namespace }));
      const { code, output } = await judge(
        "prometheus",
        {
          ...scopedFiles(renderRuleFiles(fleetInput), scope!),
          ...scopedTests(own, scope!, other!),
        },
        ...["promtool", "test", "rules", ...Object.keys(own)],
      );
      expect(code, output).toBe(0);
      expect(output.match(/SUCCESS/g)).toHaveLength(Object.keys(own).length);
    },
    600_000,
  );

  it("call a part down that nobody scrapes, where Prometheus is somebody else's", async () => {
    const rules = renderRulesElsewhere(fleetInput);
    const parts = fleetInput.targets.map(({ labels: { service, component } }) => {
      const alertname = { "mcp-server": "ServiceDown", gateway: "GatewayDown" }[
        component as string
      ];
      return { service, component, alertname: alertname ?? "ExporterDown" };
    });
    const expr =
      'count by (alertname, service) (ALERTS{alertname=~"(Service|Gateway|Exporter)Down", alertstate="firing"})';
    // Each in turn is not scraped; the last time all are.
    const tests = [...parts, undefined].map((missing) => ({
      interval: "15s",
      input_series: parts
        .filter((part) => part !== missing)
        .map(({ service, component }) => ({
          series: `up{service="${service}", component="${component}"}`,
          values: "1x60",
        })),
      promql_expr_test: [
        { expr, eval_time: "1m", exp_samples: [] },
        {
          ...{ expr, eval_time: "10m" },
          exp_samples: missing
            ? [
                {
                  labels: `{alertname="${missing.alertname}", service="${missing.service}"}`,
                  value: 1,
                },
              ]
            : [],
        },
      ],
    }));
    const test = { rule_files: Object.keys(rules), evaluation_interval: "15s", tests };
    const { code, output } = await judge(
      "prometheus",
      { ...rules, "absence.test.yml": JSON.stringify(test) },
      ...["promtool", "test", "rules", "absence.test.yml"],
    );
    expect(code, output).toBe(0);
  });

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
    // One kind of objective: the tests of both come from the same function.
    const alerts = allAlerts(spec.slo).filter(
      ({ name, group }) => changes[name] !== undefined || group === "slo-latency",
    );
    const sound = unchanged(alerts, changes, spec.slo);
    expect(sound.length).toBeGreaterThan(12);
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
