import http from "node:http";
import { SessionClient, statelessClient, type LoadClient } from "./clients.ts";
import { reportOf, type CallRecord, type LoadMode, type LoadReport } from "./report.ts";

interface LoadTarget {
  readonly name: string;
  /** MCP endpoint, as `./fleet outputs` prints it. */
  readonly url: string;
}

export interface LoadOptions {
  readonly targets: readonly LoadTarget[];
  readonly token: string;
  /**
   * Calls per second over all targets, at even intervals, whether or not earlier ones have been answered.
   *
   * @default 100
   */
  readonly rate?: number;
  /**
   * Which clients call; several take turns.
   *
   * @default - both
   */
  readonly modes?: readonly LoadMode[];
  /**
   * Open sessions of each target, used in turn.
   *
   * @default 2
   */
  readonly sessionsPerTarget?: number;
  /**
   * A call without a complete answer after this time is lost, ms.
   *
   * @default 15000
   */
  readonly timeoutMs?: number;
  /** Every call as soon as it is over. */
  readonly onCall?: (record: CallRecord) => void;
}

export interface RunningLoad {
  /** Counts so far. */
  now(): LoadReport;
  /** Every call so far. */
  records(): readonly CallRecord[];
  /** Sends no more, waits for what is under way and ends the sessions. A second call gives the same report. */
  stop(): Promise<LoadReport>;
}

const TICK_MS = 5;

/** Puts an even load on every target and keeps account of each call. Connections are kept alive, as clients do. */
export function startLoad(options: LoadOptions): RunningLoad {
  const { targets, token, rate = 100, modes = ["stateless", "sessions"] } = options;
  const { sessionsPerTarget = 2, timeoutMs = 15_000 } = options;
  if (targets.length === 0) throw new Error("no targets: name at least one server");
  const agent = new http.Agent({ keepAlive: true });
  const records: CallRecord[] = [];
  const underWay = new Set<Promise<void>>();
  let opened = 0;
  let reopened = 0;
  let lag = 0;

  const onOpen = (again: boolean): void => {
    opened += 1;
    if (again) reopened += 1;
  };
  const clientsOf = (url: string, mode: LoadMode): LoadClient[] => {
    const client = { url, token, timeoutMs, agent };
    if (mode === "stateless") return [statelessClient(client)];
    return Array.from({ length: sessionsPerTarget }, () => new SessionClient(client, onOpen));
  };
  // All targets in the first mode, then all in the next: every server gets calls of every kind.
  const turns = modes.flatMap((mode) =>
    targets.map(({ name, url }) => ({ name, mode, clients: clientsOf(url, mode), next: 0 })),
  );

  const started = performance.now();
  const since = (): number => performance.now() - started;
  const send = (index: number): void => {
    const turn = turns[index % turns.length]!;
    const client = turn.clients[turn.next++ % turn.clients.length]!;
    const at = (index * 1000) / rate;
    lag = Math.max(lag, since() - at);
    const call: Promise<void> = client.call().then((outcome) => {
      const record = { target: turn.name, mode: turn.mode, at, ms: since() - at, outcome };
      records.push(record);
      options.onCall?.(record);
      underWay.delete(call);
    });
    underWay.add(call);
  };

  let sent = 0;
  const timer = setInterval(() => {
    // The first is due at once.
    const due = Math.floor((since() * rate) / 1000) + 1;
    while (sent < due) send(sent++);
  }, TICK_MS);

  const report = (seconds: number): LoadReport =>
    reportOf(records, {
      seconds: Math.round(seconds * 100) / 100,
      sessionsOpened: opened,
      sessionsReopened: reopened,
      generatorLagMs: Math.round(lag * 10) / 10,
    });
  let stopped: Promise<LoadReport> | undefined;
  const end = async (): Promise<LoadReport> => {
    clearInterval(timer);
    const seconds = since() / 1000;
    await Promise.all(underWay);
    const result = report(seconds);
    await Promise.all(turns.flatMap(({ clients }) => clients.map((client) => client.close())));
    agent.destroy();
    return result;
  };
  return {
    now: () => report(since() / 1000),
    records: () => records,
    stop: () => (stopped ??= end()),
  };
}
