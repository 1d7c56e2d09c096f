import { prepare, type Toolchain } from "../../../toolchain/index.ts";
import type { CommandContext } from "../context.ts";
import { exitCodes, UserError } from "../exit-codes.ts";
import type { SuiteResult } from "./test-report.ts";
import { runChecks, runSuite, type Place } from "./test-runs.ts";

/** Suites of `vitest.config.ts`, in order of what they need of the machine. */
const suites = ["unit", "toolchain", "artefacts", "engine", "docker"] as const;
/** Suites that run only when they are asked for: they take too long for every change. */
const onRequest = ["drills", "alerts", "kubernetes"] as const;
/** These build images and run real programs. */
const needDocker: readonly string[] = ["artefacts", "engine", "docker", ...onRequest];
/**
 * Suites that run beside `docker`, one after the other, with the processor time that it leaves: half of its time it
 * waits for health checks and watches. It does not share evenly, because some of its claims are about seconds.
 */
const besideDocker: readonly string[] = ["artefacts", "engine"];
/** How much the priority of those suites is lowered (`nice`). */
const niceness = 10;

/** What was asked for, else everything that CI runs. */
export async function test(
  context: CommandContext,
  options: Readonly<Record<string, unknown>>,
): Promise<number> {
  const only = ((options["only"] as string[] | undefined) ?? []).flatMap((name) => name.split(","));
  const standard = ["static", ...suites];
  const known = [...standard, ...onRequest];
  const unknown = only.filter((name) => !known.includes(name));
  if (unknown.length > 0) {
    throw new UserError(
      `fleet test --only: got ${unknown.map((name) => JSON.stringify(name)).join(", ")}; suites are ${known.join(", ")}; name one of them, or none for all`,
      exitCodes.usage,
    );
  }
  const wanted = only.length === 0 ? standard : known.filter((name) => only.includes(name));
  let toolchain: Toolchain | undefined;
  const inTurn = async (names: readonly string[], place: Place): Promise<SuiteResult[]> => {
    const results: SuiteResult[] = [];
    for (const name of names) {
      const started = Date.now();
      context.note(`\n== ${name}`);
      const env = { ...context.env, ...toolchain?.env };
      results.push(
        name === "static"
          ? await runChecks(context, env)
          : await runSuite(context, name, env, place),
      );
      context.note(`== ${name}: ${((Date.now() - started) / 1000).toFixed(0)} s`);
    }
    return results;
  };
  const results: SuiteResult[] = [];
  for (const lanes of stagesOf(wanted)) {
    if (lanes.flat().some((name) => needDocker.includes(name))) {
      toolchain ??= await prepare({
        log: context.note,
        needs: new Set(["pulumi", "docker", "images", "state"]),
      });
    }
    const places = lanes.map((_, n) => ({ alone: lanes.length === 1, niceness: n * niceness }));
    const ran = await Promise.all(lanes.map((names, n) => inTurn(names, places[n]!)));
    results.push(...ran.flat());
  }
  const count = (kind: "passed" | "failed" | "skipped") =>
    results.reduce((sum, result) => sum + result[kind], 0);
  // At the end once more, because CI shows the end of a long log.
  for (const { where, message } of results.flatMap(({ failures }) => failures)) {
    context.note(`\nFAILED  ${where}\n${message.replace(/^/gm, "    ")}`);
  }
  context.out(
    `${count("passed")} passed, ${count("failed")} failed` +
      (count("skipped") > 0 ? `, ${count("skipped")} skipped` : ""),
  );
  return count("failed") === 0 && count("passed") > 0 ? exitCodes.done : exitCodes.refused;
}

/** Stages follow each other; lanes of a stage run at the same time, the first with the processor before the others. */
export function stagesOf(wanted: readonly string[]): readonly (readonly (readonly string[])[])[] {
  const filling = wanted.includes("docker") ? wanted.filter((n) => besideDocker.includes(n)) : [];
  return wanted
    .filter((name) => !filling.includes(name))
    .map((name) => (name === "docker" && filling.length > 0 ? [[name], filling] : [[name]]));
}
