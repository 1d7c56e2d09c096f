import type { ResourceHook, ResourceHookBinding } from "@pulumi/pulumi";
import structProto from "google-protobuf/google/protobuf/struct_pb.js";
import proto from "@pulumi/pulumi/proto/resource_pb.js";
import { toWire, withoutChosen, withoutDefaults } from "./deployment-values.ts";
import { isProviderType, nameOf, type Properties, type ResourceRecord } from "./deployment.ts";
import { toStruct } from "./replay-monitor.ts";
import type { CleanInputs } from "./settle.ts";

export interface ReplayRequestOptions {
  /**
   * Names or URNs of resources that are replaced delete-first; the state does not keep that option. The others are left
   * to their plugins.
   */
  readonly deleteFirst?: ReadonlySet<string>;
  /** The same for what is replaced create-first although its plugin would rather delete first. */
  readonly createFirst?: ReadonlySet<string>;
  /** Properties whose changes do not count, by URN: what a refresh found there is left as it is. */
  readonly ignoreChanges?: ReadonlyMap<string, readonly string[]>;
  /**
   * Takes away inputs that a plugin puts in for itself and warns about when it is sent them.
   *
   * @default everything is sent but the notes of bridged plugins on defaults
   */
  readonly cleanInputs?: CleanInputs;
  /**
   * URNs that the current state has with these very inputs. What bridged plugins chose there is left to them once more:
   * they keep it. Were it said, the state would differ by their notes, and be written anew for each such resource.
   *
   * @default none: every input is said, so that an object that has to be made again is like the one before
   */
  readonly unchanged?: ReadonlySet<string>;
}

interface RegisterContext {
  /** `urn::id`; empty for components and providers. */
  readonly provider: string;
  readonly inputs: Properties;
  readonly hooks: ResourceHookBinding | undefined;
  readonly options: ReplayRequestOptions;
}

/** The request by which a program would register this resource. */
export async function registerRequest(
  record: ResourceRecord,
  { provider, inputs, hooks, options }: RegisterContext,
): Promise<proto.RegisterResourceRequest> {
  const request = new proto.RegisterResourceRequest();
  request.setType(record.type);
  request.setName(nameOf(record.urn));
  request.setParent(record.parent ?? "");
  request.setCustom(record.custom === true);
  request.setObject(toStruct(inputs));
  request.setProvider(provider);
  request.setDependenciesList([...(record.dependencies ?? [])]);
  setPropertyDependencies(request, record, inputs);
  // Said even where it is false: what is left open is inherited from the parent.
  request.setProtect(record.protect === true);
  if (record.custom) request.setRetainondelete(record.retainOnDelete === true);
  request.setDeletedwith(record.deletedWith ?? "");
  request.setReplaceWithList([...(record.replaceWith ?? [])]);
  request.setReplaceonchangesList([...(record.replaceOnChanges ?? [])]);
  request.setAdditionalsecretoutputsList([...(record.additionalSecretOutputs ?? [])]);
  request.setHidediffsList((record.hideDiff ?? []).map(propertyPath));
  request.setCustomtimeouts(timeouts(record));
  if (record.replacementTrigger !== undefined && record.replacementTrigger !== null) {
    const trigger = toWire(record.replacementTrigger) as structProto.JavaScriptValue;
    request.setReplacementTrigger(structProto.Value.fromJavaScript(trigger));
  }
  if (isDeleteFirst(record, options)) {
    request.setDeletebeforereplace(true);
    request.setDeletebeforereplacedefined(true);
  }
  request.setIgnorechangesList([...(options.ignoreChanges?.get(record.urn) ?? [])]);
  if (options.createFirst?.has(record.urn)) request.setDeletebeforereplacedefined(true);
  if (isProviderType(record.type)) {
    // Unsaid, the engine would fill in the version of the package's default provider.
    if (typeof inputs["version"] === "string") request.setVersion(inputs["version"]);
  }
  request.setHooks(await hookNames(hooks));
  request.setAcceptsecrets(true);
  request.setAcceptresources(true);
  request.setSupportspartialvalues(true);
  request.setSupportsresultreporting(true);
  request.setAliasspecs(true);
  return request;
}

/** The request by which a program would read this resource, which it does not manage. */
export function readRequest(record: ResourceRecord, provider: string): proto.ReadResourceRequest {
  const request = new proto.ReadResourceRequest();
  request.setId(record.id ?? "");
  request.setType(record.type);
  request.setName(nameOf(record.urn));
  request.setParent(record.parent ?? "");
  request.setProperties(toStruct(inputsOf(record)));
  request.setDependenciesList([...(record.dependencies ?? [])]);
  request.setProvider(provider);
  request.setAdditionalsecretoutputsList([...(record.additionalSecretOutputs ?? [])]);
  request.setAcceptsecrets(true);
  request.setAcceptresources(true);
  return request;
}

/** Inputs of a record as a program sends them. */
export function inputsOf(
  { type, urn, inputs }: ResourceRecord,
  {
    cleanInputs: clean = (_type, properties) => properties,
    unchanged,
  }: Pick<ReplayRequestOptions, "cleanInputs" | "unchanged"> = {},
): Properties {
  const sent = clean(type, toWire(inputs ?? {}) as Properties);
  return unchanged?.has(urn) ? withoutChosen(sent) : withoutDefaults(sent);
}

/** Every input is named: for a request that names none, the engine takes each to depend on everything. */
function setPropertyDependencies(
  request: proto.RegisterResourceRequest,
  record: ResourceRecord,
  inputs: Properties,
): void {
  const known = record.propertyDependencies ?? {};
  for (const key of new Set([...Object.keys(inputs), ...Object.keys(known)])) {
    const dependencies = new proto.RegisterResourceRequest.PropertyDependencies();
    dependencies.setUrnsList([...(known[key] ?? [])]);
    request.getPropertydependenciesMap().set(key, dependencies);
  }
}

function isDeleteFirst({ urn }: ResourceRecord, { deleteFirst }: ReplayRequestOptions): boolean {
  return deleteFirst !== undefined && (deleteFirst.has(urn) || deleteFirst.has(nameOf(urn)));
}

/** The state keeps seconds; a program says durations. */
function timeouts(record: ResourceRecord): proto.RegisterResourceRequest.CustomTimeouts {
  const duration = (seconds: number | undefined) => (seconds ? `${seconds}s` : "");
  const { create, update, delete: remove, read } = record.customTimeouts ?? {};
  const result = new proto.RegisterResourceRequest.CustomTimeouts();
  result.setCreate(duration(create));
  result.setUpdate(duration(update));
  result.setDelete(duration(remove));
  result.setRead(duration(read));
  return result;
}

/** `["a", 0, "b.c"]` as the engine reads it: `a[0]["b.c"]`. */
export function propertyPath(path: readonly (string | number)[]): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === "number") return `${text}[${part}]`;
    if (!/^[A-Za-z_$][\w$]*$/.test(part)) return `${text}[${JSON.stringify(part)}]`;
    return text === "" ? part : `${text}.${part}`;
  }, "");
}

async function hookNames(
  binding: ResourceHookBinding | undefined,
): Promise<proto.RegisterResourceRequest.ResourceHooksBinding | undefined> {
  if (binding === undefined) return undefined;
  const result = new proto.RegisterResourceRequest.ResourceHooksBinding();
  const named = async (hooks: ResourceHookBinding["afterCreate"]) =>
    Promise.all((hooks ?? []).map((hook) => registeredName(hook)));
  result.setBeforeCreateList(await named(binding.beforeCreate));
  result.setAfterCreateList(await named(binding.afterCreate));
  result.setBeforeUpdateList(await named(binding.beforeUpdate));
  result.setAfterUpdateList(await named(binding.afterUpdate));
  result.setBeforeDeleteList(await named(binding.beforeDelete));
  result.setAfterDeleteList(await named(binding.afterDelete));
  return result;
}

async function registeredName(hook: unknown): Promise<string> {
  if (typeof hook !== "object" || hook === null || !("name" in hook)) {
    throw new Error("replay hooks: got a function, need a ResourceHook: its name is what is sent");
  }
  // The SDK's own registration awaits the same promise.
  await (hook as { readonly __registered?: Promise<void> }).__registered;
  return (hook as ResourceHook).name;
}
