import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { ownMonitoringAlerts } from "../../components/monitoring/alerts/monitoring.ts";
import { loadFleet } from "../../infra/config/index.ts";
import { renderFleet } from "../../infra/render.ts";
import { goldenFiles, goldenFolders, root } from "./golden.ts";

interface RuleFile {
  readonly groups: readonly {
    readonly rules: readonly { readonly alert?: string; readonly expr: string }[];
  }[];
}

function filesBelow(folder: string): string[] {
  return readdirSync(join(root, folder)).flatMap((name) => {
    const path = `${folder}/${name}`;
    return statSync(join(root, path)).isDirectory() ? filesBelow(path) : [path];
  });
}

const update = "to accept it: node --import tsx test/infra/update-golden.ts";

describe("the rendered files of the writing fleet", () => {
  const rendered = goldenFiles();

  it("are those that are committed, and no others are", () => {
    const committed = goldenFolders.flatMap(filesBelow).sort();
    expect(committed, update).toEqual(Object.keys(rendered).sort());
  });

  it.each(Object.keys(rendered))("%s is as it is committed", (path) => {
    expect(
      rendered[path] === readFileSync(join(root, path), "utf8"),
      `${path} differs; ${update}`,
    ).toBe(true);
  });

  it("are the same bytes twice, and take two seconds at most", () => {
    const started = process.cpuUsage();
    const again = goldenFiles();
    const { user, system } = process.cpuUsage(started);
    expect(again).toEqual(rendered);
    // Of the processor: what else the machine does is no fault of the renderer.
    expect((user + system) / 1e6).toBeLessThan(2);
  });

  it("hold a runbook behind every link of an alert", () => {
    const links = Object.entries(rendered)
      .filter(([path]) => path.endsWith(".rules.yml"))
      .flatMap(
        ([, text]) =>
          (parse(text) as { groups: { rules: { annotations?: { runbook_url: string } }[] }[] })
            .groups,
      )
      .flatMap(({ rules }) => rules.flatMap(({ annotations }) => annotations?.runbook_url ?? []));
    expect(links.length).toBeGreaterThan(50);
    for (const link of links) expect(Object.keys(rendered)).toContain(link);
    const index = rendered["docs/runbooks/README.md"]!;
    for (const [, target] of index.matchAll(/\]\((\w+\.md)\)/g)) {
      expect(Object.keys(rendered)).toContain(`docs/runbooks/${target}`);
    }
    expect([...index.matchAll(/\]\(/g)]).toHaveLength(links.length);
  });
});

it.each([
  ["its own", false],
  ["somebody else's", true],
])("shows in a runbook the expression that %s Prometheus evaluates", (_whose, elsewhere) => {
  const place = { fleetPath: "fleets/writing.yaml", env: {}, sets: [], rootDir: root };
  const files = renderFleet(loadFleet(place).fleet, elsewhere);
  const alerts = Object.entries(files)
    .filter(([path]) => path.endsWith(".rules.yml"))
    .flatMap(([, text]) => (parse(text) as RuleFile).groups.flatMap(({ rules }) => rules))
    .filter(({ alert }) => alert !== undefined);
  expect(alerts.length).toBeGreaterThan(40);
  for (const { alert, expr } of alerts) {
    expect(files[`runbooks/${alert}.md`]).toContain(`\`\`\`promql\n${expr}\n\`\`\``);
  }
});

it("leaves out what a fleet has not that somebody else's Prometheus watches", () => {
  const place = { fleetPath: "fleets/writing.yaml", env: {}, sets: [], rootDir: root };
  const { fleet } = loadFleet(place);
  const [own, elsewhere] = [false, true].map((other) => Object.keys(renderFleet(fleet, other)));
  const gone = own!.filter((path) => !elsewhere!.includes(path));
  expect(gone).toContain("prometheus/prometheus.yml");
  expect(gone).toContain("alertmanager/alertmanager.yml");
  expect(
    gone.filter((path) => !/^(prometheus|alertmanager|grafana\/datasources)\//.test(path)).sort(),
  ).toEqual(ownMonitoringAlerts.map(({ name }) => `runbooks/${name}.md`).sort());
  expect(elsewhere!.filter((path) => path.endsWith(".rules.yml")).length).toBeGreaterThan(5);
});
