import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { parse } from "yaml";
import {
  operatorJob,
  type OperatorJob,
  type PodMonitor,
} from "../components/monitoring/operator-jobs.ts";
import { makeSandbox, type Sandbox } from "../cli/run-fleet.ts";
import { renderManifests } from "./support/rendered.ts";

/** What the Prometheus operator itself makes of the fleet's PodMonitors, by its own code. */

let sandbox: Sandbox;
let monitors: readonly PodMonitor[];

beforeAll(async () => {
  sandbox = makeSandbox();
  const manifests = await renderManifests(sandbox, [
    "monitoring: { existing: { prometheus: { service: prometheus, namespace: monitoring } } }",
  ]);
  const folder = join(manifests, "podmonitor");
  monitors = readdirSync(folder).map(
    (file) => parse(readFileSync(join(folder, file), "utf8"), { version: "1.1" }) as PodMonitor,
  );
});
afterAll(() => sandbox.remove());

it("is the job that the tests of their labels take it for", () => {
  const text = execFileSync("go", ["run", "."], {
    // The machine's own home has the caches of Go.
    cwd: join(import.meta.dirname, "operator-config"),
    input: JSON.stringify(monitors),
    encoding: "utf8",
  });
  const { scrape_configs: made } = parse(text) as { readonly scrape_configs: OperatorJob[] };
  expect(made).toHaveLength(monitors.length);
  for (const monitor of monitors) {
    const expected = operatorJob(monitor);
    const { honor_labels, relabel_configs, ...job } = made.find(
      ({ job_name }) => job_name === expected.job_name,
    )!;
    expect(honor_labels).toBe(false);
    expect(job).toEqual({ ...expected, relabel_configs: undefined });
    // Last it shares targets out among the copies of Prometheus; the tests have one.
    const own = relabel_configs.filter((step) => !JSON.stringify(step).includes("__tmp_hash"));
    expect(own).toEqual(expected.relabel_configs);
  }
});
