import { join, resolve } from "node:path";
import { fleetDashboards } from "../../../components/monitoring/dashboards/fleet-dashboards.ts";
import { historyMarks, historyTable } from "../../dashboards/preview/release-marks.ts";
import { writePreview } from "../../dashboards/preview/write-preview.ts";
import { PrometheusQueries, type Span } from "../../dashboards/prometheus-queries.ts";
import { History } from "../../release/history.ts";
import type { CommandContext } from "../context.ts";
import { exitCodes, UserError } from "../exit-codes.ts";
import { FleetStack } from "../fleet-stack.ts";
import { siteOfState } from "../preflight.ts";
import { historyOf } from "../release-host.ts";
import { fleetOutputs } from "../stack-outputs.ts";
import { prepareTools } from "../tools.ts";
import { loadStackFleet } from "./config.ts";

/** Points of a chart: more than there are pixels for say nothing. */
const pointsAtMost = 300;
const units: Readonly<Record<string, number>> = { m: 60, h: 3600, d: 86_400 };

/**
 * Draws the fleet's dashboards from what its Prometheus knows now, as pages that need nothing else. For whoever has no
 * Grafana, and for looking at a change of a dashboard before it is deployed.
 */
export async function dashboards(
  context: CommandContext,
  options: Readonly<Record<string, unknown>>,
): Promise<number> {
  const range = String(options["range"]);
  const rangeSeconds = readRange(range);
  const { fleet } = loadStackFleet(context);
  await prepareTools(context, "pulumi", "state");
  const stack = await FleetStack.open(context, { create: false });
  const { prometheusUrl, prometheusScope, release } = fleetOutputs(
    await stack.outputs(),
    context.stack,
  );
  const { scrapeIntervalSeconds } = fleet.monitoring.prometheus;
  const span = spanOf(Date.now() / 1000, rangeSeconds, scrapeIntervalSeconds);
  // The launcher changes into the project; what the user typed is meant from where it was typed.
  const out =
    typeof options["out"] === "string"
      ? resolve(context.env["FLEET_CWD"] ?? ".", options["out"])
      : join(context.rootDir, ".build", "dashboards", context.stack);
  const history = new History(historyOf(context.stack)).entries();
  const site = await siteOfState(context, await stack.resources());
  const prometheus = new PrometheusQueries(
    prometheusUrl,
    (url, init) => site.fetch(url, init),
    prometheusScope,
  );
  const files = await writePreview(out, {
    dashboards: fleetDashboards(fleet.monitoring, prometheusScope !== undefined),
    asking: { prometheus, span, scrapeIntervalSeconds },
    facts: [
      `stack ${context.stack}, release ${release}`,
      `last ${range} until ${new Date(span.to * 1000).toISOString().slice(0, 19).replace("T", " ")} UTC`,
      prometheusUrl,
    ],
    marks: historyMarks(history, span),
    below: { "mcp-release": historyTable(history) },
  })
    .catch((error: Error) => {
      throw new UserError(
        `${error.message}\nasked ${prometheusUrl}; ./fleet health says what is down`,
      );
    })
    .finally(() => site.close());
  context.out(
    context.json
      ? JSON.stringify({ out, files }, undefined, 2)
      : `${files.length} pages written; open ${join(out, files[0] ?? "")}`,
  );
  return exitCodes.done;
}

/** `15m`, `6h`, `2d` -> seconds. @throws UserError for anything else. */
export function readRange(text: string): number {
  const [, count, unit = ""] = /^([1-9]\d{0,3})([mhd])$/.exec(text) ?? [];
  const seconds = Number(count) * (units[unit] ?? NaN);
  if (!(seconds >= 300 && seconds <= 30 * 86_400)) {
    throw new UserError(
      `--range: got ${text}; use 5m to 30d, as in 15m, 6h or 2d`,
      exitCodes.usage,
    );
  }
  return seconds;
}

/** Whole steps up to now, each at least one scrape long. */
export function spanOf(now: number, rangeSeconds: number, scrapeSeconds: number): Span {
  const step = Math.max(scrapeSeconds, Math.ceil(rangeSeconds / pointsAtMost));
  const to = Math.floor(now / step) * step;
  return { from: to - Math.floor(rangeSeconds / step) * step, to, step };
}
