/**
 * The engine's record of a stack, as `pulumi stack export` writes it (deployment version 3 and 4). Only what a rollback
 * touches is typed; everything else travels through unread.
 */
export interface StackExport {
  readonly version: number;
  readonly features?: readonly string[];
  /** Absent for a stack that was never updated. */
  readonly deployment?: Deployment | null;
}

export interface Deployment {
  readonly manifest?: {
    readonly time?: string;
    readonly magic?: string;
    readonly version?: string;
  };
  readonly secrets_providers?: unknown;
  readonly resources?: readonly ResourceRecord[];
  readonly pending_operations?: readonly PendingOperation[];
  readonly metadata?: unknown;
}

/** A step that was under way when the engine was interrupted. */
interface PendingOperation {
  readonly resource: ResourceRecord;
  readonly type: "creating" | "updating" | "deleting" | "reading" | "importing";
}

/** One resource of a deployment. Absent flags are false, absent lists and maps are empty. */
export interface ResourceRecord {
  readonly urn: string;
  readonly type: string;
  /** Managed by a plugin; else a component. */
  readonly custom?: boolean;
  readonly id?: string;
  /** Replaced or condemned: the next update deletes it. */
  readonly delete?: boolean;
  /** Deleted ahead of its replacement, which is yet to be made. */
  readonly pendingReplacement?: boolean;
  /** Read, not managed. */
  readonly external?: boolean;
  readonly protect?: boolean;
  readonly retainOnDelete?: boolean;
  readonly taint?: boolean;
  readonly inputs?: Properties;
  readonly outputs?: Properties;
  readonly parent?: string;
  /** `urn::id` of a provider record. */
  readonly provider?: string;
  readonly dependencies?: readonly string[] | null;
  readonly propertyDependencies?: Readonly<Record<string, readonly string[] | null>> | null;
  readonly deletedWith?: string;
  readonly replaceWith?: readonly string[] | null;
  readonly initErrors?: readonly string[] | null;
  readonly additionalSecretOutputs?: readonly string[] | null;
  /** Seconds. */
  readonly customTimeouts?: Readonly<Record<string, number | undefined>>;
  readonly replaceOnChanges?: readonly string[] | null;
  readonly hideDiff?: readonly (readonly (string | number)[])[] | null;
  readonly replacementTrigger?: unknown;
  readonly viewOf?: string;
  readonly resourceHooks?: unknown;
  readonly created?: string;
  readonly modified?: string;
}

export type Properties = Readonly<Record<string, unknown>>;

const rootStackType = "pulumi:pulumi:Stack";
const providerPrefix = "pulumi:providers:";

export function isProviderType(type: string): boolean {
  return type.startsWith(providerPrefix);
}

export function isRootStack({ type }: ResourceRecord): boolean {
  return type === rootStackType;
}

/** An object that a plugin made, as opposed to components and to providers, which live in the state alone. */
export function isObject({ custom, type }: ResourceRecord): boolean {
  return custom === true && !isProviderType(type);
}

/** Records that a program of the deployment would register; what is condemned or a view of another is not. */
export function liveResources(deployment: Deployment | null | undefined): ResourceRecord[] {
  return (deployment?.resources ?? []).filter((record) => !record.delete && !record.viewOf);
}

/** The name that the program gave; it may contain `::` itself. */
export function nameOf(urn: string): string {
  return urn.split("::").slice(3).join("::");
}

/** Reference by which other records name a provider. */
export function providerReference({ urn, id }: Pick<ResourceRecord, "urn" | "id">): string {
  return `${urn}::${id ?? ""}`;
}

/** URN within a provider reference. */
export function providerUrn(reference: string): string {
  return reference.slice(0, reference.lastIndexOf("::"));
}

/** Identity of an object: the same URN with another id is another object. */
export function identityOf({ urn, id }: Pick<ResourceRecord, "urn" | "id">): string {
  return JSON.stringify([urn, id ?? ""]);
}

/** URNs that have to stand in the state before this record. */
export function referencesOf(record: ResourceRecord): string[] {
  return [
    ...(record.parent ? [record.parent] : []),
    ...(record.dependencies ?? []),
    ...Object.values(record.propertyDependencies ?? {}).flatMap((urns) => urns ?? []),
    ...(record.deletedWith ? [record.deletedWith] : []),
    ...(record.replaceWith ?? []),
  ];
}
