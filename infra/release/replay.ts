import * as pulumi from "@pulumi/pulumi";
import type { ResourceHookBinding } from "@pulumi/pulumi";
import type { PulumiFn } from "@pulumi/pulumi/automation/index.js";
import { toWire } from "./deployment-values.ts";
import {
  isRootStack,
  liveResources,
  nameOf,
  providerUrn,
  referencesOf,
  type Deployment,
  type ResourceRecord,
} from "./deployment.ts";
import { changesOf, merged, replaceValues, withChanges, type Changes } from "./replay-changes.ts";
import { currentMonitor, type Monitor } from "./replay-monitor.ts";
import {
  inputsOf,
  readRequest,
  registerRequest,
  type ReplayRequestOptions,
} from "./replay-requests.ts";

export interface ReplayOptions extends ReplayRequestOptions {
  /**
   * Hooks to attach, so that a caller can let gates speak during the replay. Asked while the program runs, so new
   * `ResourceHook`s may be made in it.
   *
   * @default none: the hooks of the old program are not known here
   */
  readonly hooks?: (record: ResourceRecord) => ResourceHookBinding | undefined;
  /** @default the replay waits for what plugins wait for */
  readonly waits?: Waits;
}

/**
 * What has to be waited for after a resource was made or changed, where its plugin is told not to; undefined: nothing. Gets
 * the inputs of the resource; one that throws fails the step.
 */
export type Waits = (record: ResourceRecord) => ((inputs: unknown) => Promise<void>) | undefined;

/**
 * Step 2 of a rollback: a program that registers every live resource of a deployment exactly as it was, in the order of
 * their dependencies, with no source, package or configuration of the program that once made them.
 *
 * It speaks to the engine itself instead of through resource classes. Those would resolve a dependency on a component to
 * its children of today, inherit options from parents, and take default providers from today's configuration; here
 * default providers are registered like any other, with the inputs that lie in the state. Aliases are left out: the names
 * of the deployment are what is wanted.
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
    await rootRegistered();
    const run: Run = {
      monitor: currentMonitor(),
      options,
      pending: new Map(),
      changes: new Map(),
    };
    for (const record of records.filter((other) => !isRootStack(other))) {
      run.pending.set(record.urn, replay(record, run));
    }
    await allDone([...run.pending.values()]);

    // What components and the stack give out may come from any of their resources.
    const changes = merged([...run.changes.values()]);
    const outputsOf = (record: ResourceRecord | undefined) =>
      replaceValues(toWire(record?.outputs ?? {}), changes);
    const components = records.filter((record) => !record.custom && !isRootStack(record));
    await allDone(
      components.map((record) => run.monitor.registerOutputs(record.urn, outputsOf(record))),
    );
    // Plain data in wire form passes through the SDK unchanged, secrets and assets included.
    return outputsOf(records.find(isRootStack)) as Record<string, unknown>;
  };
}

interface Run {
  readonly monitor: Monitor;
  readonly options: ReplayOptions;
  /** Ids of every resource that was begun, by URN; what a resource refers to stands before it in the deployment. */
  readonly pending: Map<string, Promise<string>>;
  /** Of the resources that are done. */
  readonly changes: Map<string, Changes>;
}

async function replay(record: ResourceRecord, run: Run): Promise<string> {
  const { monitor, options, pending } = run;
  await Promise.all(referencesOf(record).flatMap((urn) => pending.get(urn) ?? []));
  const provider = await providerOf(record, pending);
  if (record.external) {
    await monitor.read(readRequest(record, provider));
    return record.id ?? "";
  }
  const request = await registerRequest(record, {
    provider,
    inputs: withChanges(record, inputsOf(record, options), run.changes),
    hooks: options.hooks?.(record) ?? waitHook(record, options.waits),
    options,
  });
  const registration = await monitor.register(request);
  const { urn, id } = registration;
  if (urn !== record.urn) {
    throw new Error(
      `${record.urn}: registered as ${urn}; its parent or type is not what its URN says`,
    );
  }
  if (record.custom) run.changes.set(urn, changesOf(record, registration));
  return id;
}

function waitHook(record: ResourceRecord, waits?: Waits): ResourceHookBinding | undefined {
  const wait = waits?.(record);
  if (wait === undefined) return undefined;
  const hook = new pulumi.ResourceHook(`ready-${nameOf(record.urn)}`, ({ newInputs }) =>
    wait(newInputs),
  );
  return { afterCreate: [hook], afterUpdate: [hook] };
}

/** Waits for all before it fails, so that no step is left running unobserved. */
async function allDone(steps: readonly Promise<unknown>[]): Promise<void> {
  const results = await Promise.allSettled(steps);
  const failed = results.find((result) => result.status === "rejected");
  if (failed) throw failed.reason as Error;
}

/** Reference to the provider as it was registered now; its id is another one if it had to be made again. */
async function providerOf(
  record: ResourceRecord,
  pending: ReadonlyMap<string, Promise<string>>,
): Promise<string> {
  if (!record.custom || !record.provider) return "";
  const urn = providerUrn(record.provider);
  const registered = pending.get(urn);
  return registered === undefined ? record.provider : `${urn}::${await registered}`;
}

/** The SDK registers the stack itself; its children have to wait for it. */
function rootRegistered(): Promise<unknown> {
  const stack = pulumi.runtime.getStackResource();
  if (stack === undefined) throw new Error("the replay runs outside of a stack");
  return new Promise((resolve) => {
    stack.urn.apply(resolve);
  });
}
