import { loadStackFleet, silentIn } from "./config.ts";
import { afterProof, allHealthy } from "../../health/report.ts";
import type { FleetSpec } from "../../config/index.ts";
import { confirm } from "../confirm.ts";
import type { Site } from "../../platforms/site.ts";
import type { CommandContext } from "../context.ts";
import { exitCodes, UserError } from "../exit-codes.ts";
import { FleetStack } from "../fleet-stack.ts";
import { onInterrupt } from "../interrupt.ts";
import { prepareFor, requireSite } from "../preflight.ts";
import { Progress } from "../progress.ts";
import { addressesOf, fleetOutputs, type FleetOutputs } from "../stack-outputs.ts";
import { table } from "../table.ts";
import { runTransaction, type TransactionResult } from "../../release/run-transaction.ts";
import { recoverFirst, reportFailure } from "../rolled-back.ts";
import { releaseHost } from "../release-host.ts";
import { outputsOf } from "../stack-state.ts";
import { underLease } from "../under-lease.ts";
import { until } from "../update.ts";
import { showPreview } from "./preview.ts";

/**
 * Time that a new fleet has to become healthy, seconds: the longest default start period (40 s) and three rounds of
 * its probes (30 s each).
 */
const healthySeconds = 130;
/** Until a Prometheus of somebody else scrapes what is new, seconds: its operator writes its settings every 2 minutes. */
const heardOfSeconds = 120;

/** Deploys the fleet: afterwards the new release is live and proven, or the one before is. */
export async function up(
  context: CommandContext,
  options: Readonly<Record<string, unknown>>,
): Promise<number> {
  const { fleet } = loadStackFleet(context);
  const silent = silentIn(context, fleet);
  if (fleet.environment === "production" && silent !== undefined) context.note(silent);
  await prepareFor(context, fleet);
  if (!context.yes) {
    await showPreview(context, await FleetStack.open(context, { create: true }));
    if (!(await confirm(context, `Deploy to stack ${context.stack}?`))) {
      throw new UserError("nothing was changed");
    }
  }
  return underLease(context, "update", async () => {
    const started = Date.now();
    const stack = await FleetStack.open(context, { create: true, secrets: true });
    const interrupt = onInterrupt(context.note);
    const progress = new Progress(context.note, "run", context.status);
    try {
      const site = await requireSite(context, await stack.resources());
      const host = await releaseHost(context, stack, site, interrupt, progress.onRelease);
      const frozen = await recoverFirst(context, stack, host);
      if (frozen !== undefined) return frozen;
      let thrown: unknown;
      const result = await runTransaction(
        host,
        async (link) => {
          try {
            const changes = await stack.up(progress.onEvent, interrupt, link);
            return progress.end({ ok: true, interrupted: interrupt.interrupted(), changes });
          } catch (error) {
            // Refused by a lock: nothing of ours happened.
            if (error instanceof UserError) throw error;
            thrown = error;
            return progress.end({ ok: false, interrupted: interrupt.interrupted(), changes: {} });
          }
        },
        { keepFailed: options["keepFailed"] === true },
      );
      progress.close();
      if (result.outcome === "refused") {
        // Without problems of its own the run did not begin: what the command said is the message.
        if (result.reasons.length === 0) throw thrown;
        throw new UserError(`update failed:\n${result.reasons.join("\n")}`);
      }
      if (result.outcome !== "live" && result.outcome !== "unchanged") {
        return reportFailure(context, host, result);
      }
      const changed = Object.entries(result.update.changes).filter(([op]) => op !== "same");
      context.note(
        changed.length > 0
          ? `updated in ${seconds(started)}: ${changed.map(([op, count]) => `${count} ${op}`).join(", ")}${progress.unlisted}`
          : `nothing to change, checked in ${seconds(started)}`,
      );
      return await concludeHealthy(context, site, result, { started, fleet }).finally(() =>
        site.close(),
      );
    } finally {
      progress.close();
      interrupt.dispose();
    }
  });
}

async function concludeHealthy(
  context: CommandContext,
  site: Site,
  result: TransactionResult,
  { started, fleet }: { readonly started: number; readonly fleet: FleetSpec },
): Promise<number> {
  const outputs = fleetOutputs(outputsOf(result.deployment ?? {}), context.stack);
  const { scrapeIntervalSeconds } = fleet.monitoring.prometheus;
  const patience = outputs.prometheusScope
    ? Math.max(healthySeconds, heardOfSeconds + 2 * scrapeIntervalSeconds)
    : healthySeconds;
  // The MCP client takes most of a second to load, and it is not needed before.
  const { checkFleet } = await import("../../health/check-fleet.ts");
  const report = await until(
    patience,
    async () => {
      const parts = await checkFleet(site, addressesOf(outputs));
      return result.outcome === "live" ? afterProof(parts) : parts;
    },
    allHealthy,
    {
      note: context.note,
      waitingFor: (current) =>
        `waiting for ${current
          .filter(({ healthy }) => !healthy)
          .map(({ component }) => component)
          .join(", ")}`,
    },
  );
  if (!allHealthy(report)) {
    const sick = report.filter(({ healthy }) => !healthy);
    throw new UserError(
      `the release is live, but ${sick.length} part(s) are not healthy after ${patience} s:\n` +
        sick.map(({ component, detail }) => `  ${component}: ${detail}`).join("\n"),
    );
  }
  context.note(`${report.length} parts healthy after ${seconds(started)}\n`);
  if (context.json) {
    context.out(
      JSON.stringify(
        { stack: context.stack, ...outputs, tokens: undefined, components: report },
        undefined,
        2,
      ),
    );
  } else {
    context.out(welcome(context, outputs, fleet.monitoring.grafana.enabled));
  }
  return exitCodes.done;
}

function welcome(
  context: CommandContext,
  outputs: FleetOutputs,
  grafana: FleetSpec["monitoring"]["grafana"]["enabled"],
): string {
  const stack = context.stack === "staging" ? "" : ` --stack ${context.stack}`;
  return [
    table([
      ["gateway", outputs.gatewayUrl],
      ...Object.entries(outputs.servers).map(([name, url]) => [`  ${name}`, url]),
      ["prometheus", outputs.prometheusUrl],
      // Where Prometheus is somebody else's, so are the other two.
      ...(outputs.alertmanagerUrl === null
        ? []
        : [
            ["alertmanager", outputs.alertmanagerUrl],
            ...(grafana === "no"
              ? []
              : [["grafana", outputs.grafanaUrl ?? "left out: its image cannot be had here"]]),
          ]),
      ["release", outputs.release],
    ]),
    "",
    `Every call needs a token:   ./fleet outputs${stack} --show-secrets`,
    `Configuration for a client: ./fleet outputs${stack} --json (clientConfig)`,
    `Is it well?                 ./fleet health${stack}`,
  ].join("\n");
}

function seconds(since: number): string {
  return `${((Date.now() - since) / 1000).toFixed(1)} s`;
}
