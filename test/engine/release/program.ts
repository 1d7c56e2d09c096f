import * as pulumi from "@pulumi/pulumi";
import type { PulumiFn } from "@pulumi/pulumi/automation/index.js";
import { worldVersion } from "./world.ts";

/** One resource of a generated program. References are names of earlier ones. */
export interface Node {
  readonly name: string;
  readonly kind: "thing" | "named" | "note" | "component" | "provider";
  readonly parent?: string;
  readonly provider?: string;
  readonly dependsOn?: readonly string[];
  /** Their ids are an input that changes in place. */
  readonly refs?: readonly string[];
  /** Its id is an input that replaces. */
  readonly parentId?: string;
  readonly size?: number;
  readonly variant?: number;
  readonly slot?: number;
  readonly token?: string;
  readonly protect?: boolean;
  readonly retain?: boolean;
  readonly deleteFirst?: boolean;
  readonly deletedWith?: string;
  readonly fail?: "create" | "update" | "start" | "restart";
  /** A gate: its after-hook throws. */
  readonly closed?: boolean;
}

class Thing extends pulumi.CustomResource {
  constructor(
    type: string,
    name: string,
    inputs: pulumi.Inputs,
    opts: pulumi.CustomResourceOptions,
  ) {
    super(type, name, { ...inputs, serial: undefined }, { version: worldVersion, ...opts });
  }
}

class Group extends pulumi.ComponentResource {}

class Provider extends pulumi.ProviderResource {}

const types = {
  thing: "world:index:Thing",
  named: "world:index:Named",
  note: "world:index:Note",
};

/** The program that registers these resources in order. Its outputs: the ids, and one secret. */
export function programOf(nodes: readonly Node[]): PulumiFn {
  return () => {
    const made = new Map<string, pulumi.Resource>();
    const find = <Kind extends pulumi.Resource>(name: string | undefined) =>
      (name === undefined ? undefined : made.get(name)) as Kind | undefined;
    for (const node of nodes) {
      const parent = find(node.parent);
      const dependsOn = (node.dependsOn ?? []).flatMap((name) => find(name) ?? []);
      const opts: pulumi.CustomResourceOptions = {
        ...(parent && { parent }),
        ...(dependsOn.length > 0 && { dependsOn }),
        ...(node.protect && { protect: true }),
      };
      if (node.kind === "component") {
        const group = new Group("test:index:Group", node.name, { size: node.size ?? 0 }, opts);
        group["registerOutputs"]({ size: node.size ?? 0, secret: pulumi.secret(node.name) });
        made.set(node.name, group);
      } else if (node.kind === "provider") {
        const config = { region: `region-${node.variant ?? 0}`, size: String(node.size ?? 0) };
        made.set(
          node.name,
          new Provider("world", node.name, config, { ...opts, version: worldVersion }),
        );
      } else {
        made.set(
          node.name,
          new Thing(types[node.kind], node.name, inputsOf(node, find), {
            ...opts,
            ...objectOptions(node, find),
          }),
        );
      }
    }
    const things = [...made].flatMap(([name, resource]) =>
      resource instanceof Thing ? [[name, resource.id] as const] : [],
    );
    return Promise.resolve({
      ids: Object.fromEntries(things),
      secret: pulumi.secret({ first: nodes[0]?.name ?? "" }),
    });
  };
}

type Find = <Kind extends pulumi.Resource>(name: string | undefined) => Kind | undefined;

function inputsOf(node: Node, find: Find): pulumi.Inputs {
  const refs = (node.refs ?? []).flatMap((name) => find<Thing>(name)?.id ?? []);
  const parentId = find<Thing>(node.parentId)?.id;
  return {
    size: node.size ?? 0,
    kind: `kind-${node.variant ?? 0}`,
    ...(node.kind === "named" && { name: `fixed-${node.name}` }),
    ...(refs.length > 0 && { refs }),
    ...(parentId && { parentId }),
    ...(node.slot !== undefined && { slot: `slot-${node.slot}` }),
    ...(node.token !== undefined && { token: pulumi.secret(node.token) }),
    ...(node.fail !== undefined && { fail: node.fail }),
  };
}

function objectOptions(node: Node, find: Find): pulumi.CustomResourceOptions {
  const provider = find<Provider>(node.provider);
  const deletedWith = find<Thing>(node.deletedWith);
  return {
    ...(provider && { provider }),
    ...(deletedWith && { deletedWith }),
    ...(node.retain && { retainOnDelete: true }),
    // A fixed name exists once, so what carries it can only be replaced delete-first.
    ...((node.deleteFirst || node.kind === "named") && { deleteBeforeReplace: true }),
    ...(node.token !== undefined && { additionalSecretOutputs: ["size"] }),
    ...(node.closed && { hooks: { afterCreate: [closedGate], afterUpdate: [closedGate] } }),
  };
}

function closedGate(): void {
  throw new Error("the gate stays closed");
}

/** The program as one short line per resource, for reports of failures. */
export function programText(nodes: readonly Node[]): string {
  return nodes
    .map(({ name, kind, ...rest }) => {
      const options = Object.entries(rest)
        .filter(([, value]) => value !== undefined && value !== false)
        .map(([key, value]) => `${key}=${Array.isArray(value) ? value.join("+") : String(value)}`);
      return `  ${[kind, name, ...options].join(" ")}`;
    })
    .join("\n");
}
