import { loadStackFleet } from "./config.ts";
import { checkFleet } from "../../health/check-fleet.ts";
import { allHealthy } from "../../health/report.ts";
import { confirm } from "../confirm.ts";
import type { CommandContext } from "../context.ts";
import { exitCodes, UserError } from "../exit-codes.ts";
import { FleetStack } from "../fleet-stack.ts";
import { onInterrupt } from "../interrupt.ts";
import { requireFreePorts } from "../preflight.ts";
import { Progress } from "../progress.ts";
import { addressesOf, fleetOutputs, type FleetOutputs } from "../stack-outputs.ts";
import { table } from "../table.ts";
import { reported, until } from "../update.ts";
import { showPreview } from "./preview.ts";
import { prepareTools } from "../tools.ts";

/**
 * Time that a new fleet has to become healthy, seconds: the longest default start period (40 s) and three rounds of
 * its probes (30 s each).
 */
const healthySeconds = 130;

/** Deploys the fleet and waits until every part of it works. */
export async function up(context: CommandContext): Promise<number> {
  const { fleet } = loadStackFleet(context);
  await prepareTools(context, "pulumi", "docker", "images", "state");
  await requireFreePorts(context, fleet);
  const stack = await FleetStack.open(context, { create: true });
  if (!context.yes) {
    await showPreview(context, stack);
    if (!(await confirm(context, `Deploy to stack ${context.stack}?`))) {
      throw new UserError("nothing was changed");
    }
  }
  const started = Date.now();
  const interrupt = onInterrupt(context.note);
  const progress = new Progress(context.note, "run");
  const result = await reported(
    "update",
    progress,
    () => stack.up(progress.onEvent, interrupt),
    interrupt,
  );
  const outputs = fleetOutputs(result.outputs, context.stack);
  const changed = Object.entries(result.summary.resourceChanges ?? {}).filter(
    ([op]) => op !== "same",
  );
  context.note(
    changed.length > 0
      ? `updated in ${seconds(started)}: ${changed.map(([op, count]) => `${count} ${op}`).join(", ")}`
      : `nothing to change, checked in ${seconds(started)}`,
  );
  const report = await until(
    healthySeconds,
    () => checkFleet(context.stack, addressesOf(outputs)),
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
      `the update went through, but ${sick.length} part(s) are not healthy after ${healthySeconds} s:\n` +
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
    context.out(welcome(context, outputs));
  }
  return exitCodes.done;
}

function welcome(context: CommandContext, outputs: FleetOutputs): string {
  const stack = context.stack === "staging" ? "" : ` --stack ${context.stack}`;
  return [
    table([
      ["gateway", outputs.gatewayUrl],
      ...Object.entries(outputs.servers).map(([name, url]) => [`  ${name}`, url]),
      ["prometheus", outputs.prometheusUrl],
      ["alertmanager", outputs.alertmanagerUrl],
      ["grafana", outputs.grafanaUrl ?? "left out: its image cannot be had here"],
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
