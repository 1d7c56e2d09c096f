import type { Deployment, ResourceRecord } from "../../../infra/release/deployment.ts";

const stackUrn = urnOf("pulumi:pulumi:Stack", "p-s");

export const provider = record("pulumi:providers:x", "default_1_0_0", { id: "prov-1" });

/** A URN of the stack `s` of project `p`. */
export function urnOf(type: string, name: string): string {
  return `urn:pulumi:s::p::${type}::${name}`;
}

export function record(
  type: string,
  name: string,
  fields: Partial<ResourceRecord> = {},
): ResourceRecord {
  return { urn: urnOf(type, name), type, custom: true, ...fields };
}

export function stackRecord(fields: Partial<ResourceRecord> = {}): ResourceRecord {
  return { urn: stackUrn, type: "pulumi:pulumi:Stack", custom: false, ...fields };
}

export function component(name: string, fields: Partial<ResourceRecord> = {}): ResourceRecord {
  return record("test:index:Group", name, { custom: false, parent: stackUrn, ...fields });
}

/** An object of the default provider. */
export function thing(
  name: string,
  id: string,
  fields: Partial<ResourceRecord> = {},
): ResourceRecord {
  return record("x:index:Thing", name, {
    id,
    parent: stackUrn,
    provider: `${provider.urn}::${provider.id!}`,
    inputs: { size: 1 },
    outputs: { size: 1 },
    ...fields,
  });
}

export function deployment(...resources: ResourceRecord[]): Deployment {
  return { resources: [stackRecord(), provider, ...resources] };
}

export function find(
  { resources }: Deployment,
  name: string,
  id?: string,
): ResourceRecord | undefined {
  return resources?.find(
    (entry) => entry.urn.endsWith(`::${name}`) && (id === undefined || entry.id === id),
  );
}

/** What the engine checks of a state before it takes it; the problems it would find. */
export function integrityProblems({ resources }: Deployment): string[] {
  const problems: string[] = [];
  const seen = new Set<string>();
  const providers = new Set<string>();
  const live = new Set<string>();
  for (const entry of resources ?? []) {
    if (entry.type.startsWith("pulumi:providers:"))
      providers.add(`${entry.urn}::${entry.id ?? ""}`);
    if (entry.provider && !providers.has(entry.provider) && !entry.pendingReplacement) {
      problems.push(`${entry.urn}: provider ${entry.provider} does not precede it`);
    }
    if (!entry.custom && entry.id) problems.push(`${entry.urn}: a component with an id`);
    const references = [
      ...(entry.parent ? [entry.parent] : []),
      ...(entry.dependencies ?? []),
      ...Object.values(entry.propertyDependencies ?? {}).flatMap((urns) => urns ?? []),
      ...(entry.deletedWith ? [entry.deletedWith] : []),
      ...(entry.replaceWith ?? []),
    ];
    for (const urn of references) {
      if (!seen.has(urn)) problems.push(`${entry.urn}: ${urn} does not precede it`);
    }
    if (!entry.delete && live.has(entry.urn)) problems.push(`${entry.urn}: live twice`);
    if (!entry.delete) live.add(entry.urn);
    seen.add(entry.urn);
  }
  return problems;
}
