import { prepare, type Toolchain } from "../../../toolchain/index.ts";
import type { CommandContext } from "../context.ts";
import { exitCodes, UserError } from "../exit-codes.ts";
import { lastResults, type Ran, worthAnotherRun } from "./test-again.ts";
import type { Failure } from "./test-report.ts";
import { runChecks, runSuite, type Place } from "./test-runs.ts";

/** Suites of `vitest.config.ts`, in order of what they need of the machine. */
const suites = ["unit", "toolchain", "artefacts", "containers", "engine", "docker"] as const;
/** Suites that run only when they are asked for: they take too long for every change. */
const onRequest = ["drills", "alerts", "kubernetes"] as const;
/** These build images and run real programs. */
const needDocker: readonly string[] = ["artefacts", "containers", "engine", "docker", ...onRequest];
/**
 * Suites that run beside `docker`, one after the other, with the processor time that it leaves: half of its time it
 * waits for health checks and watches. It does not share evenly, because some of its claims are about seconds. A third
 * lane starves on two processors.
 */
const besideDocker: readonly string[] = ["artefacts", "containers", "engine"];
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
  // Begun beside the first suite, for on a bare machine it waits for downloads half of its time; the next one waits for it.
  const preparing = wanted.some((name) => needDocker.includes(name))
    ? prepare({ log: context.note, needs: new Set(["pulumi", "docker", "images", "state"]) })
    : undefined;
  const run = async (suite: string, place: Place, files?: readonly string[]): Promise<Ran[]> => {
    const env = { ...context.env, ...toolchain?.env };
    const results =
      suite === "static"
        ? await runChecks(context, env, place)
        : await runSuite(context, suite, env, place, files);
    return results.map((result) => ({ ...result, suite, alone: place.alone }));
  };
  const inTurn = async (names: readonly string[], place: Place): Promise<Ran[]> => {
    const ran: Ran[] = [];
    for (const suite of names) {
      const started = Date.now();
      context.note(`\n== ${suite}`);
      ran.push(...(await run(suite, place)));
      context.note(`== ${suite}: ${((Date.now() - started) / 1000).toFixed(0)} s`);
    }
    return ran;
  };
  const ran: Ran[] = [];
  for (const lanes of stagesOf(wanted)) {
    if (lanes.flat().some((name) => needDocker.includes(name))) toolchain = await preparing;
    const places = lanes.map((_, n) => ({
      alone: lanes.length === 1,
      niceness: n * niceness,
    }));
    const stage = Promise.all(lanes.map((names, n) => inTurn(names, places[n]!)));
    const [results] = await Promise.all([stage, preparing]);
    ran.push(...results.flat());
  }
  const again: Ran[] = [];
  for (const { suite, file } of worthAnotherRun(ran)) {
    context.note(`\n== ${file} once more, alone`);
    again.push(...(await run(suite, { alone: true, niceness: 0 }, [file])));
  }
  const { results, unstable } = lastResults(ran, again);
  const failures = results.flatMap((result) => result.failures);
  // At the end once more, because CI shows the end of a long log.
  const show = (word: string, { where, message }: Failure) =>
    context.note(`\n${word}  ${where}\n${message.replace(/^/gm, "    ")}`);
  for (const failure of unstable)
    show("UNSTABLE (failed beside other suites, passed alone)", failure);
  for (const failure of failures) show("FAILED", failure);
  const passed = results.reduce((sum, result) => sum + result.passed, 0);
  const skipped = results.reduce((sum, result) => sum + result.skipped, 0);
  context.out(
    `${passed} passed, ${failures.length} failed` +
      (unstable.length > 0 ? `, ${unstable.length} unstable` : "") +
      (skipped > 0 ? `, ${skipped} skipped` : ""),
  );
  return failures.length === 0 && passed > 0 ? exitCodes.done : exitCodes.refused;
}

/** Stages follow each other; lanes of a stage run at the same time, the first with the processor before the others. */
export function stagesOf(wanted: readonly string[]): readonly (readonly (readonly string[])[])[] {
  const filling = wanted.includes("docker") ? wanted.filter((n) => besideDocker.includes(n)) : [];
  return wanted
    .filter((name) => !filling.includes(name))
    .map((name) => (name === "docker" && filling.length > 0 ? [[name], filling] : [[name]]));
}
