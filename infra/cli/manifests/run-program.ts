import { createHash } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import * as pulumi from "@pulumi/pulumi";
import type { Properties } from "../../release/deployment.ts";
import { UserError } from "../exit-codes.ts";
import {
  inputsOf,
  isOfCluster,
  keyOf,
  liveSecretType,
  opened,
  withoutNotes,
  type Deployed,
} from "./deployed.ts";

/** What would become of an object of the cluster. */
export interface Planned {
  readonly type: string;
  /** Of its resource. */
  readonly name: string;
  /** With secrets open: nothing of it may be shown as it is. */
  readonly inputs: Properties;
  readonly step: "create" | "change" | "same";
  /** Of the object; that of the last release where nothing changes. */
  readonly objectName: string;
}

/**
 * Runs a program without an engine. What it registers is answered as an engine would after the update: a resource of
 * the last release with the same inputs is the same object, any other is a new one.
 *
 * Nothing but the SDK's own mocks takes part, so it needs no plugin, no cluster and no state. Once per process: the SDK
 * keeps what it was set to.
 *
 * @param deployed what the last release has.
 * @param config settings of the stack, as `pulumi.Config` gives them.
 */
export async function runProgram(
  { project, stack, deployed, config }: ProgramRun,
  program: () => void,
): Promise<Planned[]> {
  const planned: Planned[] = [];
  pulumi.runtime.setAllConfig({ ...config });
  await pulumi.runtime.setMocks(
    {
      newResource: ({ type, name, inputs }) => {
        if (!isOfCluster(type)) return other(type, name, inputs as Properties, deployed);
        const made = planOf(type, name, inputs as Properties, deployed);
        planned.push(made);
        const { metadata } = made.inputs as { readonly metadata?: object };
        return {
          id: made.objectName,
          state: {
            ...(inputs as Properties),
            ...(metadata && { metadata: { ...metadata, name: made.objectName } }),
          },
        };
      },
      call: ({ token }) => {
        throw new Error(`${token} cannot be called without an engine`);
      },
    },
    project,
    stack,
    false,
  );
  try {
    program();
  } catch (error) {
    if (!pulumi.RunError.isInstance(error) && !pulumi.ResourceError.isInstance(error)) throw error;
    throw new UserError(error.message);
  }
  await pulumi.runtime.disconnect();
  return planned;
}

export interface ProgramRun {
  readonly project: string;
  readonly stack: string;
  readonly deployed: Deployed;
  readonly config: Readonly<Record<string, string>>;
}

function planOf(type: string, name: string, raw: Properties, deployed: Deployed): Planned {
  const inputs = opened(raw) as Properties;
  const before = deployed.resources.get(keyOf(type, name));
  const old = before && inputsOf(before);
  const ignored = deployed.ignored[keyOf(type, name)] ?? [];
  const step =
    old === undefined ? "create" : isSame(type, old, inputs, ignored) ? "same" : "change";
  return { type, name, inputs, step, objectName: nameIn(name, inputs, step, before?.inputs) };
}

function isSame(
  type: string,
  old: Properties,
  inputs: Properties,
  ignored: readonly string[],
): boolean {
  // Its own plugin asks for no more.
  if (type === liveSecretType) {
    return old["hash"] === inputs["hash"] && old["namespace"] === inputs["namespace"];
  }
  return isDeepStrictEqual(compared(old, ignored), compared(withoutNotes(inputs), ignored));
}

/** As it travels, without what is undefined and what does not count. */
function compared(value: Properties, ignored: readonly string[]): unknown {
  const copy = JSON.parse(JSON.stringify(value)) as Record<string, unknown>;
  for (const path of ignored) {
    const keys = path.split(".");
    const last = keys.pop()!;
    const holder = keys.reduce<unknown>(
      (inner, key) => (inner as Record<string, unknown> | undefined)?.[key],
      copy,
    );
    if (typeof holder === "object" && holder !== null) Reflect.deleteProperty(holder, last);
  }
  return copy;
}

function nameIn(
  name: string,
  inputs: Properties,
  step: Planned["step"],
  old: Properties | undefined,
): string {
  if (typeof inputs["secret"] === "string") return inputs["secret"];
  const named = (from: Properties | undefined) =>
    (from?.["metadata"] as { readonly name?: string } | undefined)?.name;
  const own = named(inputs) ?? (step === "same" ? named(old) : undefined);
  if (own !== undefined) return own;
  // The plugin chooses at random; the same object has the same name here, in every run.
  const hash = createHash("sha256").update(JSON.stringify(inputs)).digest("hex");
  return `${name}-${hash.slice(0, 8)}`;
}

/** Generated values are those of the last release. */
function other(type: string, name: string, inputs: Properties, deployed: Deployed) {
  const before = deployed.resources.get(keyOf(type, name));
  const kept =
    before && (opened(inputsOf({ ...before, inputs: before.outputs ?? {} })) as Properties);
  const { result } = kept ?? {};
  const length = Number(inputs["length"] ?? 32);
  return {
    id: before?.id ?? name,
    state: {
      ...inputs,
      // As long as a real one: sizes are judged.
      ...(type.startsWith("random:") && { result: result ?? "0".repeat(length) }),
    },
  };
}
