import * as pulumi from "@pulumi/pulumi";
import type { ResourceHookBinding } from "@pulumi/pulumi";
import type { PulumiFn } from "@pulumi/pulumi/automation/index.js";
import { toWire } from "./deployment-values.ts";
import {
  isRootStack,
  liveResources,
  providerUrn,
  referencesOf,
  type Deployment,
  type ResourceRecord,
} from "./deployment.ts";
import { readRequest, registerRequest, type ReplayRequestOptions } from "./replay-requests.ts";
import { currentMonitor, type Monitor } from "./replay-monitor.ts";

export interface ReplayOptions extends ReplayRequestOptions {
  /**
   * Hooks to attach, so that a caller can let gates speak during the replay. Asked while the program runs, so new
   * `ResourceHook`s may be made in it.
   *
   * @default none: the hooks of the old program are not known here
   */
  readonly hooks?: (record: ResourceRecord) => ResourceHookBinding | undefined;
}

interface Registered {
  readonly id: string;
}

/**
 * Step 2 of a rollback: a program that registers every live resource of a deployment exactly as it was, in the order of
 * their dependencies, with no source, package or configuration of the program that once made them.
 *
 * It speaks to the engine itself instead of through resource classes. Those would resolve a dependency on a component to
 * its children of today, inherit options from parents, and take default providers from today's configuration; here
 * default providers are registered like any other, with the inputs that lie in the state. Aliases and `ignoreChanges`
 * are left out: names and inputs of the deployment are what is wanted.
 *
 * @param before deployment to register, exported with `--show-secrets`; undefined registers nothing
 * @returns an inline program for the Automation API; its outputs are those of the stack in `before`
 */
export function replayProgram(
  before: Deployment | undefined,
  options: ReplayOptions = {},
): PulumiFn {
  return async () => {
    const records = liveResources(before);
    const monitor = currentMonitor();
    const stackUrn = await rootUrn();
    const pending = new Map<string, Promise<Registered>>();
    for (const record of records) {
      pending.set(
        record.urn,
        isRootStack(record)
          ? Promise.resolve({ id: "" })
          : replay(record, { monitor, options, stackUrn, pending }),
      );
    }
    const results = await Promise.allSettled(pending.values());
    const failed = results.find((result) => result.status === "rejected");
    if (failed) throw failed.reason as Error;
    const stack = records.find(isRootStack);
    // Plain data in wire form passes through the SDK unchanged, secrets and assets included.
    return toWire(stack?.outputs ?? {}) as Record<string, unknown>;
  };
}

interface Run {
  readonly monitor: Monitor;
  readonly options: ReplayOptions;
  readonly stackUrn: string;
  /** Every resource that was begun, by URN; what a resource refers to stands before it in the deployment. */
  readonly pending: ReadonlyMap<string, Promise<Registered>>;
}

async function replay(record: ResourceRecord, run: Run): Promise<Registered> {
  const { monitor, options, pending } = run;
  await Promise.all(referencesOf(record).map((urn) => pending.get(urn)));
  const provider = await providerOf(record, pending);
  if (record.external) {
    await monitor.read(readRequest(record, provider));
    return { id: record.id ?? "" };
  }
  const hooks = await options.hooks?.(record);
  const { urn, id } = await monitor.register(
    await registerRequest(record, { provider, hooks, options }),
  );
  if (urn !== record.urn) {
    throw new Error(
      `${record.urn}: registered as ${urn}; its parent or type is not what its URN says`,
    );
  }
  if (!record.custom) await monitor.registerOutputs(urn, toWire(record.outputs ?? {}));
  return { id };
}

/** Reference to the provider as it was registered now; its id is another one if it had to be made again. */
async function providerOf(
  record: ResourceRecord,
  pending: ReadonlyMap<string, Promise<Registered>>,
): Promise<string> {
  if (!record.custom || !record.provider) return "";
  const urn = providerUrn(record.provider);
  const registered = await pending.get(urn);
  return registered === undefined ? record.provider : `${urn}::${registered.id}`;
}

function rootUrn(): Promise<string> {
  const stack = pulumi.runtime.getStackResource();
  if (stack === undefined) throw new Error("the replay runs outside of a stack");
  return new Promise((resolve) => {
    stack.urn.apply(resolve);
  });
}
