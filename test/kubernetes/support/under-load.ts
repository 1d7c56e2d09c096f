import { setTimeout as sleep } from "node:timers/promises";
import { startLoad } from "../../../bench/load/load.ts";
import { reportOf, type CallRecord, type LoadReport } from "../../../bench/load/report.ts";
import type { Clients } from "../../../bench/release/rounds.ts";
import type { E2eFleet } from "../../docker/support/e2e-fleet.ts";
import { eventually } from "./pods.ts";
import type { SceneWriter, Written } from "./scene-writer.ts";

/** Calls per second on all servers together. */
export const RATE = 20;

/** Clients that share no connections: with fewer, all of them may be at the gateway that lives on. */
const CLIENTS = 10;

/** Load before the fault, and after the fleet is well again. Milliseconds. */
const CALM_MS = 4000;

/** How long to wait for a healthy fleet; how long it may take is for the test to judge. Seconds. */
const PATIENCE = 120;

interface Lost {
  readonly target: string;
  readonly reason: string;
  /** When it was due, seconds after the fault began; below 0: it was under way. */
  readonly due: number;
}

export interface Suffered {
  readonly calls: LoadReport;
  readonly lost: readonly Lost[];
  readonly writes: Written;
  /** Writes that were acknowledged after the fleet was healthy again. */
  readonly writesAfter: number;
  /** Acknowledged writes that are not there, of this fault and all before it. */
  readonly missing: readonly string[];
  /** Writes that were carried out more than once. */
  readonly twice: readonly string[];
  /** Seconds from the end of the fault until what it struck was back, and until `fleet health` had found no fault. */
  readonly back: number;
  readonly healthy: number;
}

interface Fault {
  /** As it is printed. */
  readonly name: string;
  /** Ends when the fault does: at once, unless it lasts. */
  readonly strike: () => Promise<unknown>;
  /** Ends when what was struck is there again. */
  readonly back: () => Promise<unknown>;
}

interface UnderLoad {
  readonly fleet: E2eFleet;
  readonly clients: Clients;
  readonly writer: SceneWriter;
}

/** Calls every server statelessly, writes without a pause, lets a fault happen, and prints in one line what it did. */
export async function suffer(
  { fleet, clients, writer }: UnderLoad,
  { name, strike, back }: Fault,
): Promise<Suffered> {
  const load = await startClients(clients);
  writer.start();
  try {
    await sleep(CALM_MS);
    const struck = performance.now();
    await strike();
    const ended = performance.now();
    const since = (): number => (performance.now() - ended) / 1000;
    await back();
    const backAfter = since();
    await untilHealthy(fleet);
    const healthy = since();
    const { acknowledged } = writer.now();
    await sleep(CALM_MS);
    const [{ calls, records }, writes] = await Promise.all([load.stop(), writer.stop()]);
    const lost = records.flatMap(({ target, at, outcome }) =>
      outcome.kind === "lost"
        ? [{ target, reason: outcome.reason ?? "unknown", due: (load.began + at - struck) / 1000 }]
        : [],
    );
    const writesAfter = writes.acknowledged - acknowledged;
    const audit = await writer.audit();
    const suffered = { calls, lost, writes, writesAfter, ...audit, back: backAfter, healthy };
    console.log(`${name}: ${words(suffered)}`);
    return suffered;
  } finally {
    await Promise.all([load.stop(), writer.stop()]);
  }
}

/** Ends as soon as `fleet health` finds nothing wrong. */
async function untilHealthy(fleet: E2eFleet): Promise<void> {
  await eventually("a healthy fleet", PATIENCE, async () => {
    const { code, stdout, stderr } = await fleet.run("health");
    if (code !== 0) throw new Error(stdout + stderr);
    return true;
  });
}

async function startClients({ servers, token }: Clients) {
  const targets = Object.entries(servers).map(([name, url]) => ({ name, url }));
  const began = performance.now();
  const loads: { readonly offset: number; readonly load: ReturnType<typeof startLoad> }[] = [];
  for (let started = 0; started < CLIENTS; started += 1) {
    const offset = performance.now() - began;
    // Each begins with another server, so that every server is called all the time.
    const first = started % targets.length;
    const inTurn = [...targets.slice(first), ...targets.slice(0, first)];
    const options = { targets: inTurn, token, rate: RATE / CLIENTS, modes: ["stateless"] as const };
    loads.push({ offset, load: startLoad(options) });
    // One after the other, evenly.
    await sleep(1000 / RATE);
  }
  const stop = async (): Promise<{ calls: LoadReport; records: readonly CallRecord[] }> => {
    const reports = await Promise.all(loads.map(({ load }) => load.stop()));
    const records = loads.flatMap(({ offset, load }) =>
      load.records().map((record) => ({ ...record, at: record.at + offset })),
    );
    const seconds = Math.max(...reports.map((report) => report.seconds));
    const generatorLagMs = Math.max(...reports.map((report) => report.generatorLagMs));
    const none = { sessionsOpened: 0, sessionsReopened: 0 };
    return { calls: reportOf(records, { seconds, generatorLagMs, ...none }), records };
  };
  return { began, stop };
}

function words({ calls, lost, writes, missing, twice, back, healthy }: Suffered): string {
  const refused = Object.values(writes.refusedBy).reduce((sum, count) => sum + count, 0);
  const dues = lost.map(({ due }) => due);
  const when =
    dues.length === 0
      ? ""
      : `, due ${seconds(Math.min(...dues))} to ${seconds(Math.max(...dues))} after it`;
  return [
    `${calls.lost} of ${calls.sent} calls lost ${JSON.stringify(calls.lostBy)}${when}`,
    `longest without an answer ${seconds(calls.longestGapMs / 1000)}, of one server ${seconds(calls.longestGapOfOneMs / 1000)}`,
    `${writes.acknowledged} writes acknowledged, ${missing.length} of all so far missing, ${twice.length} twice, ` +
      `${refused} refused ${JSON.stringify(writes.refusedBy)}`,
    `back after ${seconds(back)}, healthy after ${seconds(healthy)}`,
  ].join("; ");
}

function seconds(value: number): string {
  return `${value.toFixed(1)} s`;
}
