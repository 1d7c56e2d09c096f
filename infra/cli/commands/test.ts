import { prepare, type Toolchain } from "../../../toolchain/index.ts";
import type { CommandContext } from "../context.ts";
import { exitCodes, UserError } from "../exit-codes.ts";
import { lastResults, type Ran, worthAnotherRun } from "./test-again.ts";
import type { Failure } from "./test-report.ts";
import { runChecks, runSuite, type Place } from "./test-runs.ts";

/** Suites of `vitest.config.ts` that need Node.js alone, and those that build images and run real programs. */
const light: readonly string[] = ["unit", "toolchain"];
const real: readonly string[] = ["artefacts", "containers", "cli", "engine", "docker"];
/** Suites that run only when they are asked for: they take too long for every change. They are as real. */
const onRequest: readonly string[] = ["drills", "alerts", "kubernetes"];
/**
 * Suites that run beside `docker`, with the processor time that it leaves: half of its time it waits for health checks and
 * watches. It does not share evenly, because some of its claims are about seconds. A third lane starves on two
 * processors. The longest is first, so that both lanes end at much the same time.
 */
const besideDocker: readonly string[] = ["artefacts", "engine", "cli", "containers"];
/** How much the priority of the second lane is lowered (`nice`). */
const niceness = 10;

/** What was asked for, else everything that CI runs. */
export async function test(
  context: CommandContext,
  options: Readonly<Record<string, unknown>>,
): Promise<number> {
  const only = ((options["only"] as string[] | undefined) ?? []).flatMap((name) => name.split(","));
  const standard = ["static", ...light, ...real];
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
  const needsDocker = (name: string): boolean => real.includes(name) || onRequest.includes(name);
  const preparing = wanted.some(needsDocker)
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
  /** A lane: one suite after the other, until none is left that no other lane has taken. */
  const inTurn = async (queue: string[], place: Place): Promise<Ran[]> => {
    const ran: Ran[] = [];
    for (let suite = queue.shift(); suite !== undefined; suite = queue.shift()) {
      const started = Date.now();
      context.note(`\n== ${suite}`);
      ran.push(...(await run(suite, place)));
      context.note(`== ${suite}: ${((Date.now() - started) / 1000).toFixed(0)} s`);
    }
    return ran;
  };
  const ran: Ran[] = [];
  for (const { suites, lanes } of stagesOf(wanted)) {
    if (suites.some(needsDocker)) toolchain = await preparing;
    const queue = [...suites];
    const places = Array.from({ length: lanes }, (_, lane) => ({
      alone: lanes === 1,
      niceness: lane * niceness,
    }));
    const stage = Promise.all(places.map((place) => inTurn(queue, place)));
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

/** Suites that run at the same time, as many as there are lanes; a lane that is free takes the next one. */
export interface Stage {
  readonly suites: readonly string[];
  /** The first has the processor before the second. */
  readonly lanes: 1 | 2;
}

/** The stages of a run, which follow each other. */
export function stagesOf(wanted: readonly string[]): readonly Stage[] {
  const filling = wanted.includes("docker") ? besideDocker.filter((n) => wanted.includes(n)) : [];
  return wanted
    .filter((name) => !filling.includes(name))
    .map((name) =>
      name === "docker" && filling.length > 0
        ? { suites: [name, ...filling], lanes: 2 }
        : { suites: [name], lanes: 1 },
    );
}
