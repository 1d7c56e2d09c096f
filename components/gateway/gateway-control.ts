import { setTimeout as delay } from "node:timers/promises";
import { z } from "zod";

/** Runs a command inside every running copy of the gateway; output is both streams. */
export type RunInGateway = (
  command: readonly string[],
) => Promise<readonly { readonly code: number; readonly output: string }[]>;

const backendTraffic = z.object({
  server: z.string(),
  backend: z.string(),
  /** HAProxy's word: `UP`, `DOWN`, `MAINT` ...; `GONE` if only a process before the last reload knows it. */
  status: z.string(),
  /** Gets something new only while no other backend of its server can take it. */
  backup: z.boolean(),
  weight: z.number(),
  /** Calls and event streams under way, in all processes of the gateway. */
  inFlight: z.number(),
  /** Since the last call was sent there; null: none yet. */
  lastRequestSeconds: z.number().nullable(),
  /** Open 2025 sessions, as the server itself says at `/health`; null: it does not, or is not asked while it is live. */
  sessions: z.number().nullable(),
});

/** What one backend of one server has to do now. */
export type BackendTraffic = Readonly<z.output<typeof backendTraffic>>;

/** A backend as routes and session ids name it; `backendName` derives it from an address. */
export interface BackendId {
  readonly server: string;
  readonly backend: string;
}

/** What all copies of the gateway send to each backend, one entry per copy. @throws when one of them does not answer. */
export async function readTraffic(run: RunInGateway): Promise<BackendTraffic[]> {
  const answers = await ask(run, "traffic");
  return answers.flatMap((answer) => z.array(backendTraffic).parse(JSON.parse(answer)));
}

/**
 * Moves the shares (0-256) of what is new between backends of one server, at once and without a reload; the next reload
 * goes back to those of the files. Backends that are rendered as a spare take no share.
 *
 * @throws with the gateway's words, as for a name that it does not know.
 */
export async function setWeights(
  run: RunInGateway,
  server: string,
  weights: Readonly<Record<string, number>>,
): Promise<void> {
  const pairs = Object.entries(weights).map(([backend, weight]) => `${backend}=${weight}`);
  if (pairs.length > 0) await ask(run, "weights", server, ...pairs);
}

/**
 * Sends nothing more to these backends: their sessions end with 404, so that clients open new ones, and calls under way
 * finish. After that, stopping their servers loses nothing. Backends that the gateway no longer knows are left out.
 */
export async function retire(run: RunInGateway, backends: readonly BackendId[]): Promise<void> {
  const known = new Set(
    (await readTraffic(run))
      .filter(({ status }) => status !== "GONE")
      .map(({ server, backend }) => `${server}/${backend}`),
  );
  const named = backends.filter(({ server, backend }) => known.has(`${server}/${backend}`));
  for (const server of new Set(named.map((one) => one.server))) {
    const own = named.filter((one) => one.server === server).map(({ backend }) => backend);
    await ask(run, "retire", server, ...own);
  }
}

/** One server's way back from the release that is to go to the one that drains. */
export interface WayBack {
  readonly server: string;
  readonly from: string;
  readonly to: string;
}

/**
 * Gives everything back to the release before, in the running processes and in one step: the fastest way out, before
 * the files follow. Until the next reload, and twice is the same as once. Sessions of the release that goes end with
 * 404.
 *
 * @throws naming the servers whose release before is not up; they stay as they are, the others have moved.
 */
export async function fallBack(run: RunInGateway, ways: readonly WayBack[]): Promise<void> {
  if (ways.length === 0) return;
  await ask(run, "back", ...ways.flatMap(({ server, from, to }) => [server, from, to]));
}

export interface IdleOptions {
  /** Longest wait, ms. */
  readonly limitMs: number;
  /**
   * Whether open sessions have to end too, not only calls and streams.
   *
   * @default true
   */
  readonly sessions?: boolean;
  /**
   * Sessions that nobody used for so long do not hold anybody up. Seconds.
   *
   * @default every open session does
   */
  readonly unusedSeconds?: number;
  /** Milliseconds between two looks. @default 1000 */
  readonly everyMs?: number;
}

/** Waits until these backends have nothing to do; returns those that still had at the end of the limit. */
export async function untilIdle(
  run: RunInGateway,
  backends: readonly BackendId[],
  { limitMs, sessions = true, unusedSeconds, everyMs = 1000 }: IdleOptions,
): Promise<BackendTraffic[]> {
  const deadline = performance.now() + limitMs;
  for (;;) {
    const busy = (await readTraffic(run)).filter(
      (one) =>
        backends.some(({ server, backend }) => one.server === server && one.backend === backend) &&
        (one.inFlight > 0 ||
          (sessions &&
            (one.sessions ?? 0) > 0 &&
            (unusedSeconds === undefined || (one.lastRequestSeconds ?? Infinity) < unusedSeconds))),
    );
    const left = deadline - performance.now();
    if (busy.length === 0 || left <= 0) return busy;
    await delay(Math.min(everyMs, left));
  }
}

/** @throws with the words of each copy that refuses; the others have done it then. */
async function ask(run: RunInGateway, ...command: string[]): Promise<string[]> {
  const answers = await run(["gateway-ctl", ...command]);
  const refused = answers.filter(({ code }) => code !== 0).map(({ output }) => output.trim());
  if (refused.length > 0) {
    const words = [...new Set(refused)].join("; ");
    const who = answers.length > 1 ? ` in ${refused.length} of ${answers.length} gateways` : "";
    throw new Error(`gateway-ctl ${command.join(" ")} failed${who}: ${words}`);
  }
  return answers.map(({ output }) => output);
}
