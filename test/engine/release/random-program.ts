import fc from "fast-check";
import type { Node } from "./program.ts";

/** What a stack is before an update, the update that fails, and how it is returned from. */
export interface Scenario {
  readonly before: readonly Node[];
  readonly updates: readonly Update[];
  /** Whether the rollback is told that notes live in the state alone. */
  readonly logical: boolean;
}

interface Update {
  readonly after: readonly Node[];
}

/** A node whose references are still numbers: positions among the earlier ones, modulo their count. */
interface Draft {
  readonly kind: Node["kind"];
  readonly parent: number | undefined;
  readonly provider: number | undefined;
  readonly dependsOn: readonly number[];
  readonly refs: readonly number[];
  readonly parentId: number | undefined;
  readonly deletedWith: number | undefined;
  readonly slotted: boolean;
  readonly secret: boolean;
  readonly protect: boolean;
  readonly retain: boolean;
  readonly deleteFirst: boolean;
}

const pick = fc.nat({ max: 20 });
const sometimes = <Value>(arbitrary: fc.Arbitrary<Value>) =>
  fc.option(arbitrary, { nil: undefined, freq: 3 });
const rarely = fc.nat({ max: 5 }).map((value) => value === 5);

const draft: fc.Arbitrary<Draft> = fc.record({
  kind: fc.constantFrom<Node["kind"]>(
    ...(["thing", "thing", "thing", "thing", "named", "note", "component", "provider"] as const),
  ),
  parent: sometimes(pick),
  provider: sometimes(pick),
  dependsOn: fc.array(pick, { maxLength: 2 }),
  refs: fc.array(pick, { maxLength: 2 }),
  parentId: sometimes(pick),
  deletedWith: sometimes(pick),
  slotted: rarely,
  secret: rarely,
  protect: rarely,
  retain: rarely,
  deleteFirst: rarely,
});

/** What the update does to one node. */
const change = fc.record({
  what: fc.constantFrom("keep", "keep", "size", "variant", "slot", "token", "drop", "options"),
  fail: fc.constantFrom<Node["fail"]>(
    ...([undefined, undefined, undefined, undefined, undefined, undefined] as const),
    ...(["create", "update", "start", "restart"] as const),
  ),
});

const update = fc.record({
  changes: fc.array(change, { minLength: 12, maxLength: 12 }),
  added: fc.array(draft, { maxLength: 3 }),
  gateAt: pick,
  guarded: fc.array(pick, { maxLength: 3 }),
});

export const scenario: fc.Arbitrary<Scenario> = fc
  .record({
    drafts: fc.array(draft, { minLength: 1, maxLength: 10 }),
    updates: fc.array(update, { minLength: 1, maxLength: 3 }),
    logical: fc.boolean(),
  })
  .map(({ drafts, updates, logical }) => {
    const nodes = resolve(drafts, [], "r");
    return {
      before: [...nodes, { name: "gate", kind: "thing", size: 0 }],
      updates: updates.map(({ changes, added, gateAt, guarded }) => {
        const kept = nodes.flatMap((node, index) =>
          changed(node, changes[index % changes.length]!, index),
        );
        const all = [...kept, ...resolve(added, kept, "new")];
        const names = all.map(({ name }) => name);
        const gate: Node = {
          ...{ name: "gate", kind: "thing", size: 1, closed: true },
          dependsOn: guarded.flatMap((position) => at(names, position) ?? []),
        };
        const place = gateAt % (all.length + 1);
        const [first, rest] = [all.slice(0, place), all.slice(place)];
        const early = new Set(first.map(({ name }) => name));
        const dependsOn = gate.dependsOn!.filter((name) => early.has(name));
        return { after: [...first, { ...gate, dependsOn }, ...rest] };
      }),
      logical,
    };
  });

function resolve(drafts: readonly Draft[], known: readonly Node[], prefix: string): Node[] {
  const nodes: Node[] = [];
  drafts.forEach((entry, index) => {
    const earlier = [...known, ...nodes];
    const named = (position: number | undefined, ...kinds: Node["kind"][]) =>
      at(
        earlier.filter(({ kind }) => kinds.includes(kind)).map(({ name }) => name),
        position,
      );
    const several = (positions: readonly number[], ...kinds: Node["kind"][]) => [
      ...new Set(positions.flatMap((position) => named(position, ...kinds) ?? [])),
    ];
    const { kind } = entry;
    const parent = at(
      earlier.filter((other) => mayBeParent(other, earlier)).map(({ name }) => name),
      entry.parent,
    );
    const dependsOn = several(entry.dependsOn, "thing", "named", "note", "component");
    const common = { name: `${prefix}${index}`, kind, size: 0, variant: 0 };
    const family = {
      ...(parent && { parent }),
      ...(dependsOn.length > 0 && { dependsOn }),
    };
    if (kind === "component" || kind === "provider") {
      nodes.push({ ...common, ...(kind === "component" && family) });
      return;
    }
    const provider = named(entry.provider, "provider");
    const refs = several(entry.refs, "thing", "named");
    const parentId = named(entry.parentId, "thing");
    const deletedWith = kind === "note" ? undefined : named(entry.deletedWith, "thing");
    const slotted = kind === "thing" && entry.slotted;
    nodes.push({
      ...common,
      ...family,
      ...(provider && { provider }),
      ...(refs.length > 0 && { refs }),
      ...(parentId && { parentId }),
      ...(deletedWith && { deletedWith }),
      ...(slotted && { slot: prefix === "r" ? index : index + 50 }),
      ...(entry.secret && { token: "secret 0" }),
      ...(entry.protect && { protect: true }),
      // What is left behind would still hold its slot or name.
      ...(entry.retain && kind === "thing" && !slotted && { retain: true }),
      ...(entry.deleteFirst && { deleteFirst: true }),
    });
  });
  return nodes;
}

/**
 * Whoever depends on a component waits for all that is in it, whenever that is registered. What is put into it later may
 * depend on the one who waits, and the SDK would wait for ever; so nothing is.
 */
function mayBeParent({ name, kind }: Node, earlier: readonly Node[]): boolean {
  if (kind !== "component" && kind !== "thing") return false;
  const awaited = new Set(earlier.flatMap(({ dependsOn = [] }) => dependsOn));
  const byName = new Map(earlier.map((node) => [node.name, node]));
  for (let at = byName.get(name); at; at = byName.get(at.parent ?? "")) {
    if (at.kind === "component" && awaited.has(at.name)) return false;
  }
  return true;
}

function changed(
  node: Node,
  { what, fail }: { readonly what: string; readonly fail: Node["fail"] },
  index: number,
): Node[] {
  const failing = what === "keep" || fail === undefined ? {} : { fail };
  const object = node.kind !== "component" && node.kind !== "provider";
  switch (what) {
    case "drop":
      return [];
    case "size":
      return [{ ...node, ...(object && failing), size: 1 }];
    case "variant":
      return [{ ...node, ...(object && failing), variant: 1 }];
    case "slot":
      return [node.slot === undefined ? node : { ...node, ...failing, slot: index + 100 }];
    case "token":
      return [node.token === undefined ? node : { ...node, ...failing, token: "secret 1" }];
    case "options":
      return [object ? { ...node, protect: !node.protect, dependsOn: [] } : node];
    default:
      return [node];
  }
}

function at<Value>(values: readonly Value[], position: number | undefined): Value | undefined {
  if (position === undefined || values.length === 0) return undefined;
  return values[position % values.length];
}
