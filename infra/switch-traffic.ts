import { setTimeout as delay } from "node:timers/promises";
import { GatewayTraffic, type TakeOver } from "../components/gateway/gateway-traffic.ts";
import type { RolloutSpec } from "../components/health/health.schema.ts";
import { readPolicy } from "../components/health/policy.schema.ts";
import { returnToPrevious } from "../components/platform/docker/live-files-return.ts";
import type { Targets, Transport } from "../components/platform/transport.ts";
import type { GateVerdict } from "./release/gate.ts";
import type { ReleaseEvent } from "./release/link.ts";
import type { GateContent } from "./release/records.ts";

/** What a release takes over from; kept in the journal. */
export interface Handover {
  /** Addresses of the release before, by component. */
  readonly before: Readonly<Record<string, string>>;
}

export interface SwitchOptions {
  readonly content: GateContent;
  readonly transport: Transport;
  readonly handover: Handover;
  readonly rollout: RolloutSpec;
  readonly tell: (event: ReleaseEvent) => void;
}

/**
 * The time between the switch and the commit. Traffic goes to the new release step by step, each watched; a bad verdict
 * sends it back at once, before the engine has even heard of it. After a good one the old servers finish what they have.
 */
export async function publicJudge(
  { content, transport, handover, rollout, tell }: SwitchOptions,
  watch: () => Promise<GateVerdict>,
): Promise<GateVerdict> {
  const targets = readPolicy(content.policy).targets as Targets;
  const takeOvers = takeOversOf(targets, handover);
  const { gateway } = targets;
  if (!gateway) throw new Error("the public gate guards no gateway");
  const traffic = new GatewayTraffic(transport, gateway);
  const back = async (): Promise<void> => {
    if (takeOvers.length === 0) return;
    const { ms } = await returnToPrevious({
      reader: gateway.workload,
      mountPath: "/etc/haproxy",
      reload: ["gateway-ctl", "reload"],
      verify: ["gateway-ctl", "verify"],
    });
    tell({ kind: "phase", phase: "back", detail: `${ms} ms` });
  };

  if (takeOvers.length > 0) {
    for (const percent of rollout.steps.slice(0, -1)) {
      await traffic.share(takeOvers, percent);
      tell({ kind: "phase", phase: "switch", detail: `${percent} %` });
      const verdict = await watchFor(rollout.stepSeconds, watch);
      if (!verdict.pass) {
        await back();
        return verdict;
      }
    }
    if (rollout.steps.length > 1) {
      await traffic.share(takeOvers, 100);
      tell({ kind: "phase", phase: "switch", detail: "100 %" });
    }
  }
  const verdict = await watch();
  if (!verdict.pass) {
    await back();
    return verdict;
  }
  if (takeOvers.length > 0) {
    tell({ kind: "phase", phase: "drain" });
    const cut = await traffic.drain(takeOvers, rollout.drainSeconds);
    if (cut.length > 0)
      tell({ kind: "phase", phase: "drain", detail: `time over: ${cut.join(", ")}` });
  }
  tell({ kind: "phase", phase: "commit" });
  return verdict;
}

/** Watches at least for the given time; the policy's own time may be shorter. */
async function watchFor(seconds: number, watch: () => Promise<GateVerdict>): Promise<GateVerdict> {
  const until = Date.now() + seconds * 1000;
  for (;;) {
    const verdict = await watch();
    if (!verdict.pass || Date.now() >= until) return verdict;
    await delay(100);
  }
}

function takeOversOf(targets: Targets, { before }: Handover): TakeOver[] {
  return Object.entries(targets).flatMap(([server, { workload }]) => {
    const from = before[server];
    return from === undefined || from === workload ? [] : [{ server, from, to: workload }];
  });
}
