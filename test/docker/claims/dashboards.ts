import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import { fleetDashboards } from "../../../components/monitoring/dashboards/fleet-dashboards.ts";
import { checkData, type DataCheck } from "../../../infra/dashboards/missing-data.ts";
import { PrometheusQueries } from "../../../infra/dashboards/prometheus-queries.ts";
import { eventually } from "../support/engine.ts";
import type { LiveFleet } from "../support/live-fleet.ts";
import { callOnce, eras, type ClientEntry } from "../support/mcp-conversation.ts";

/** Rounds of calls, a scrape apart: a rate needs two scrapes between which something happened. */
const rounds = 4;
/** Seconds that are looked at. */
const lookedAt = 120;

/** Every panel has something to show. Needs a fleet that serves. */
export function dashboardClaims(live: LiveFleet): void {
  it("has data for every query of every dashboard once it has served", async () => {
    const spec = live.fleet.spec();
    const { scrapeIntervalSeconds } = spec.monitoring.prometheus;
    for (let round = 0; round < rounds; round += 1) {
      await Promise.all(live.names().map((name) => serve(live.clients[name]!)));
      await sleep(scrapeIntervalSeconds * 1000);
    }
    const dashboards = fleetDashboards(spec.monitoring);
    const prometheus = new PrometheusQueries(live.first.prometheusUrl);
    const unexplained = ({ missing }: DataCheck) =>
      missing.filter(({ allowed }) => allowed === undefined);
    const check = await eventually(
      90,
      () => {
        const to = Date.now() / 1000;
        const span = { from: to - lookedAt, to, step: scrapeIntervalSeconds };
        return checkData(dashboards, { prometheus, span, scrapeIntervalSeconds });
      },
      (answer) => unexplained(answer).length === 0,
    );
    expect(unexplained(check)).toEqual([]);
    const places = new Set(check.missing.map(({ place }) => place));
    live.report(
      "dashboards",
      `${check.asked} queries asked, ${check.missing.length} without data for a listed reason (${[...places].join(", ")})`,
    );
    // Calls failed: what is about failed calls has no excuse.
    expect([...places].filter((place) => place.startsWith("Errors by"))).toEqual([]);
  });

  it("draws a preview of every dashboard, without an empty panel", async () => {
    const out = join(live.fleet.home, "dashboards");
    const { stdout } = await live.fleet.must(
      "dashboards",
      ...["--out", out, "--range", "5m", "--json"],
    );
    const { files } = JSON.parse(stdout) as { files: string[] };
    // One for each server, and the others.
    expect(files).toHaveLength(
      fleetDashboards(live.fleet.spec().monitoring).length - 1 + live.names().length,
    );
    for (const file of files) {
      const page = readFileSync(join(out, file), "utf8");
      expect(page, file).toContain("This is not Grafana");
      const empty = page
        .split("<section ")
        .filter((panel) => panel.includes('data-empty="unexpected"'))
        .map((panel) => /data-panel="([^"]*)"/.exec(panel)?.[1]);
      expect(empty, file).toEqual([]);
    }
  });
}

/** Calls of both eras that succeed, and one that fails. */
async function serve(client: ClientEntry): Promise<void> {
  for (const era of eras) await callOnce(era, client, "server_status");
  await expect(callOnce("2026", client, "server_status", { unknown: 1 })).rejects.toThrow();
}
