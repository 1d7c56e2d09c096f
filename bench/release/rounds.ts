import { exitCodes } from "../../infra/cli/exit-codes.ts";
import type { HistoryEntry } from "../../infra/release/history.ts";
import { startLoad } from "../load/load.ts";
import { ended, fleet } from "../stack.ts";
import type { ReleaseCase } from "./cases.ts";
import { disturbed, type Stand } from "./stand.ts";

/** One update as its user and its clients saw it. Seconds; undefined for what did not happen. */
export interface Round {
  readonly exit: number | null;
  /** Ended otherwise than the case has to: the rest says what happened, and is no measurement of the case. */
  readonly wrong: boolean;
  /** From the start of the phase that found the fault to the verdict; all of a command that was refused. */
  readonly detect: number | undefined;
  /** From the verdict after the switch until traffic was back with the old release. */
  readonly back: number | undefined;
  /** The whole rollback, probes of the old release included. */
  readonly rollback: number | undefined;
  /** The whole transaction. */
  readonly total: number;
  /** All that the transaction adds to an update: gate, switch, drain and records, without the bake time. */
  readonly overhead: number | undefined;
  readonly sent: number;
  readonly lost: number;
  readonly lostBy: Readonly<Record<string, number>>;
  /** Containers or pods of the release before that were replaced or started again. */
  readonly disturbed: number;
}

export interface Clients {
  readonly servers: Readonly<Record<string, string>>;
  readonly token: string;
}

/** @param json what `./fleet outputs --json --show-secrets` prints. */
export async function clientsOf(json: string, stand: Stand): Promise<Clients> {
  const outputs = JSON.parse(json) as {
    readonly servers: Readonly<Record<string, string>>;
    readonly tokens: { readonly default: { readonly primary: string } };
  };
  const servers = await Promise.all(
    Object.entries(outputs.servers).map(async ([name, url]) => [name, await stand.reachable(url)]),
  );
  return {
    servers: Object.fromEntries(servers) as Record<string, string>,
    token: outputs.tokens.default.primary,
  };
}

interface Setting {
  readonly stand: Stand;
  readonly clients: Clients;
  readonly rate: number;
  /** Bake time of the stack, which is no cost. */
  readonly bakeSeconds: number;
}

/** Deploys one case under load. */
export async function runRound(
  stack: string,
  { sets, exits }: ReleaseCase,
  number: number,
  { stand, clients, rate, bakeSeconds }: Setting,
): Promise<Round> {
  const before = await stand.incarnations();
  const load = startLoad({
    targets: Object.entries(clients.servers).map(([name, url]) => ({ name, url })),
    token: clients.token,
    rate,
  });
  const began = performance.now();
  const run = await ended(
    "up",
    ...["--stack", stack, "--yes"],
    ...sets(number).flatMap((set) => ["--set", set]),
  );
  const took = (performance.now() - began) / 1000;
  await new Promise((resolve) => setTimeout(resolve, 2000));
  const report = await load.stop();
  const wrong = run.code === null || !exits.includes(run.code);
  if (wrong) console.error(`ended with ${run.code}, not ${exits.join(" or ")}:\n${run.stderr}`);
  const after = await stand.incarnations();
  // What is refused has begun nothing, and is in no history.
  const refused = run.code === exitCodes.refused;
  const timings = refused ? { prepare: took * 1000, total: took * 1000 } : await lastTimings(stack);
  const seconds = (name: string): number | undefined =>
    timings[name] === undefined ? undefined : timings[name] / 1000;
  const failed = run.code !== 0;
  const watched = Math.min(seconds("watch") ?? 0, bakeSeconds);
  const phases = ["gate", "switch", "watch", "drain"];
  return {
    exit: run.code,
    wrong,
    detect: failed ? (seconds("watch") ?? seconds("gate") ?? seconds("prepare")) : undefined,
    back: failed ? seconds("back") : undefined,
    rollback: seconds("rollback"),
    total: seconds("total")!,
    overhead: phases.reduce((sum, phase) => sum + (seconds(phase) ?? 0), 0) - watched,
    sent: report.sent,
    lost: report.lost,
    lostBy: report.lostBy,
    disturbed: failed ? disturbed(before, after) : 0,
  };
}

async function lastTimings(stack: string): Promise<HistoryEntry["timings"]> {
  const { stdout } = await fleet("history", "--stack", stack, "--json");
  return (JSON.parse(stdout) as HistoryEntry[]).at(-1)!.timings;
}
