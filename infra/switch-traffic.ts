import { setTimeout as delay } from "node:timers/promises";
import {
  fallBack,
  retire,
  setWeights,
  untilIdle,
  type RunInGateway,
} from "../components/gateway/gateway-control.ts";
import { backendName } from "../components/gateway/gateway-routes.ts";
import type { RolloutSpec } from "../components/health/health.schema.ts";
import { readPolicy } from "../components/health/policy.schema.ts";
import type { LiveFilesReturn, ReturnArgs } from "../components/platform/live-files-return.ts";
import {
  allEndpointsOf,
  endpointsOf,
  type Targets,
  type Transport,
} from "../components/platform/transport.ts";
import type { GateVerdict } from "./release/gate.ts";
import type { ReleaseEvent } from "./release/link.ts";
import type { GateContent } from "./release/records.ts";
import type { Place } from "./platforms/place.ts";

/** What a release takes over from; kept in the journal. */
export interface Handover {
  /** Addresses of the release before, by component. */
  readonly before: Readonly<Record<string, string>>;
  /** Host names of their copies, where there are several. */
  readonly endpoints?: Readonly<Record<string, readonly string[]>>;
  /** Host names of their copies that come and go with the load. */
  readonly elastic?: Readonly<Record<string, readonly string[]>>;
  /** Where the release runs; see `deployedPlace`. */
  readonly place: Place;
}

export interface SwitchOptions {
  readonly content: GateContent;
  readonly transport: Transport;
  readonly handover: Omit<Handover, "place">;
  readonly rollout: RolloutSpec;
  readonly tell: (event: ReleaseEvent) => void;
  /** Version of the gateway's files before the switch; undefined if there was none. */
  readonly filesBefore?: string | undefined;
  readonly liveFiles: LiveFilesReturn;
}

/**
 * The time between the switch and the commit. Traffic goes to the new release step by step, each watched; a bad verdict
 * sends it back at once, before the engine has even heard of it. After a good one the old servers finish what they have.
 */
export async function publicJudge(
  options: SwitchOptions,
  watch: () => Promise<GateVerdict>,
): Promise<GateVerdict> {
  const { content, transport, handover, rollout, tell, filesBefore, liveFiles } = options;
  const targets = readPolicy(content.policy).targets as Targets;
  const takeOvers = takeOversOf(targets, handover);
  const { gateway } = targets;
  if (!gateway) throw new Error("the public gate guards no gateway");
  const run: RunInGateway = (command) => transport.execAll(gateway, command);
  const files = filesOf(gateway.workload);
  const back = () =>
    sendBack(run, takeOvers, tell, {
      // Other limits or tokens are a new version without a new server.
      changed: async () =>
        filesBefore !== undefined && (await liveFiles.currentVersion(files)) !== filesBefore,
      return: () => liveFiles.returnToPrevious(files),
    });

  if (takeOvers.length > 0 && rollout.steps.length > 1) {
    for (const percent of rollout.steps) {
      await share(run, takeOvers, percent);
      tell({ kind: "phase", phase: "switch", detail: `${percent} %` });
      if (percent === 100) break;
      const verdict = await watchFor(rollout.stepSeconds, watch);
      if (!verdict.pass) {
        await back();
        return verdict;
      }
    }
  }
  const switched = performance.now();
  const verdict = await watch();
  if (!verdict.pass) {
    await back();
    return verdict;
  }
  if (takeOvers.length > 0) {
    // The old servers have got no new session since the switch.
    const left = rollout.drainSeconds * 1000 - (performance.now() - switched);
    await drain(run, takeOvers, left, tell);
  }
  tell({ kind: "phase", phase: "commit" });
  return verdict;
}

/** A server that is being taken over: the gateway's backends of the two releases, one for each copy. */
interface TakeOver {
  readonly server: string;
  readonly from: readonly string[];
  readonly to: readonly string[];
  /** Those of `from` that are there whatever the load is: the way back may count on them. */
  readonly certain: readonly string[];
}

async function share(
  run: RunInGateway,
  takeOvers: readonly TakeOver[],
  percent: number,
): Promise<void> {
  for (const { server, from, to } of takeOvers) {
    const each = (backends: readonly string[], weight: number) =>
      backends.map((backend) => [backend, weight] as const);
    const weights = [...each(to, percent), ...each(from, 100 - percent)];
    await setWeights(run, server, Object.fromEntries(weights));
  }
}

/**
 * At once in the running processes, then in the files, so that a reload does not undo it. What fails here is only told:
 * the verdict stands, and the rollback that follows does the same once more.
 */
async function sendBack(
  run: RunInGateway,
  takeOvers: readonly TakeOver[],
  tell: SwitchOptions["tell"],
  files: {
    readonly changed: () => Promise<boolean>;
    readonly return: () => Promise<unknown>;
  },
): Promise<void> {
  const started = Date.now();
  // Every copy that goes is paired with one that stays; where there are more of one kind, its last one serves again.
  // Copies that came with the load get their share again with the files.
  const ways = takeOvers.flatMap(({ server, certain, to }) =>
    Array.from({ length: Math.max(certain.length, to.length) }, (_, copy) => ({
      server,
      from: to[Math.min(copy, to.length - 1)]!,
      to: certain[Math.min(copy, certain.length - 1)]!,
    })),
  );
  const failed = (error: Error) => tell({ kind: "phase", phase: "back", detail: error.message });
  const done = () =>
    tell({ kind: "phase", phase: "back", detail: `in ${Date.now() - started} ms` });
  if (takeOvers.length > 0) {
    await fallBack(run, ways).then(done, failed);
    await files.return().catch(failed);
  } else if (await files.changed()) {
    await files.return().then(done, failed);
  }
}

/** Version of the files that a gateway has; undefined if there is none. @param gateway its workload */
export async function gatewayFiles(
  liveFiles: LiveFilesReturn,
  gateway: string | undefined,
): Promise<string | undefined> {
  return gateway === undefined ? undefined : liveFiles.currentVersion(filesOf(gateway));
}

function filesOf(reader: string): ReturnArgs {
  return {
    reader,
    mountPath: "/etc/haproxy",
    reload: ["gateway-ctl", "reload"],
    verify: ["gateway-ctl", "verify"],
  };
}

/** The old servers finish what they have, then get nothing more, and may be stopped. */
async function drain(
  run: RunInGateway,
  takeOvers: readonly TakeOver[],
  limitMs: number,
  tell: SwitchOptions["tell"],
): Promise<void> {
  tell({ kind: "phase", phase: "drain" });
  const old = takeOvers.flatMap(({ server, from }) => from.map((backend) => ({ server, backend })));
  const busy = await untilIdle(run, old, {
    limitMs,
    unusedSeconds,
  });
  if (busy.length > 0) {
    const still = [...new Set(busy.map(({ server }) => server))].join(", ");
    tell({ kind: "phase", phase: "drain", detail: `time over for sessions of ${still}` });
  }
  await retire(run, old);
  await untilIdle(run, old, { limitMs: callMs, sessions: false });
}

/** A session that nobody used for so long moves: its client opens a new one when it comes back. */
const unusedSeconds = 3;

/** Calls that were under way when their server was retired; those of streams end with their server. */
const callMs = 5000;

/** Watches at least for the given time; the policy's own time may be shorter. */
async function watchFor(seconds: number, watch: () => Promise<GateVerdict>): Promise<GateVerdict> {
  const until = Date.now() + seconds * 1000;
  for (;;) {
    const verdict = await watch();
    if (!verdict.pass || Date.now() >= until) return verdict;
    await delay(100);
  }
}

function takeOversOf(
  targets: Targets,
  { before, endpoints = {}, elastic = {} }: SwitchOptions["handover"],
): TakeOver[] {
  return Object.entries(targets).flatMap(([server, target]) => {
    const from = before[server];
    if (from === undefined || from === target.workload) return [];
    const old = {
      workload: from,
      ...(endpoints[server] && { endpoints: endpoints[server] }),
      ...(elastic[server] && { elastic: elastic[server] }),
    };
    return [
      {
        server,
        from: allEndpointsOf(old).map(backendName),
        to: allEndpointsOf(target).map(backendName),
        certain: endpointsOf(old).map(backendName),
      },
    ];
  });
}
