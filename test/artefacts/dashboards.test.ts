import { beforeAll, describe, expect, it } from "vitest";
import { builtIns, interpolate } from "../../components/monitoring/dashboards/interpolate.ts";
import {
  queriesOf,
  readDashboard,
  type DashboardFile,
} from "../../components/monitoring/dashboards/read-dashboard.ts";
import { releaseMarks } from "../../components/monitoring/dashboards/shared.ts";
import { yamlFile } from "../../components/monitoring/rules.render.ts";
import { loadStackFleet } from "../../infra/cli/commands/config.ts";
import { fleetDashboards } from "../../components/monitoring/dashboards/fleet-dashboards.ts";
import { rootDir } from "../docker/support/e2e-fleet.ts";
import { docker } from "./gateway-harness.ts";
import { monitoringImage, Versions } from "./monitoring-harness.ts";

const { fleet } = loadStackFleet({ rootDir, stack: "staging", sets: [], env: {} });
const dashboards = fleetDashboards(fleet.monitoring);

let image: string;
beforeAll(async () => {
  image = await monitoringImage("prometheus");
});

/** Runs promtool of our image on one file. */
async function promtool(content: string, ...command: readonly string[]) {
  const versions = new Versions();
  try {
    versions.write("v", { "file.yml": content });
    return await docker(
      ...["run", "--rm", "--network=none", "--read-only", "--tmpfs=/tmp:mode=1777"],
      ...[`-v=${versions.directory}/v:/v:ro`, "-w=/v", "--entrypoint=promtool", image],
      ...command,
      "file.yml",
    );
  } finally {
    versions.remove();
  }
}

const own = builtIns({
  scrapeIntervalSeconds: fleet.monitoring.prometheus.scrapeIntervalSeconds,
  stepSeconds: 30,
  rangeSeconds: 6 * 3600,
});

/** Queries as Grafana would send them, each with one and with several values for its variables. */
function sentQueries(dashboard: DashboardFile): string[] {
  const values = (several: boolean) =>
    Object.fromEntries(
      dashboard.templating.list.map(({ name, multi }) => [
        name,
        several && multi ? ["scene", "core-continuity"] : ["scene"],
      ]),
    );
  return queriesOf(dashboard).flatMap(({ expr }) =>
    [true, false].map((several) => interpolate(expr, { ...values(several), ...own })),
  );
}

/** A query that is wrong makes a recording rule wrong. */
function asRules(queries: readonly string[]): string {
  return yamlFile({
    groups: [
      {
        name: "dashboard",
        rules: queries.map((expr, index) => ({ record: `query:${index}:checked`, expr })),
      },
    ],
  });
}

describe("the queries of dashboards, judged by promtool", () => {
  it.each(dashboards.map((dashboard) => [dashboard.uid, dashboard] as const))(
    "are sound on %s",
    async (_uid, dashboard) => {
      const queries = sentQueries(readDashboard(dashboard));
      expect(queries.length).toBeGreaterThan(20);
      const { code, output } = await promtool(asRules(queries), "check", "rules");
      expect(output).toContain(`${queries.length} rules found`);
      expect(code, output).toBe(0);
    },
  );

  it.each(["rate(mcp_requests_total)", "sum(up) by", "histogram_quantile(up)", "up + 'a'"])(
    "would be refused if one were %s",
    async (wrong) => {
      const { code, output } = await promtool(asRules(["up", wrong]), "check", "rules");
      expect(code, output).not.toBe(0);
    },
  );
});

describe("marks of releases, judged by promtool", () => {
  const version = (name: string) => `fleet:config_version:info{version="${name}"}`;
  const marked = (name: string, at: string, versions: readonly string[]) => ({
    expr: releaseMarks.find((mark) => mark.name === name)!.expr,
    eval_time: at,
    exp_samples: versions.map((one) => ({ labels: version(one), value: 1 })),
  });

  it("tell a release from a rollback, and neither from an outage of Prometheus", async () => {
    const tests = {
      rule_files: [],
      evaluation_interval: "15s",
      tests: [
        {
          interval: "15s",
          // A until 10 min, then B until 20 min, then A again; nothing at all from 30 to 40 min.
          input_series: [
            { series: version("A"), values: "1x39 stale _x39 1x39 stale _x39 1x40" },
            { series: version("B"), values: "_x40 1x38 stale _x120" },
          ],
          promql_expr_test: [
            marked("Release", "9m", []),
            marked("Release", "10m30s", ["B"]),
            marked("Rollback", "10m30s", []),
            marked("Release", "15m", []),
            marked("Rollback", "20m30s", ["A"]),
            marked("Release", "20m30s", []),
            marked("Release", "40m45s", []),
            marked("Rollback", "40m45s", []),
          ],
        },
      ],
    };
    const { code, output } = await promtool(yamlFile(tests), "test", "rules");
    expect(code, output).toBe(0);
  });
});
