import type { KubernetesObject } from "../../../../components/platform/kubernetes/objects.ts";
import { amountOf } from "../../../../components/platform/kubernetes/quantity.ts";
import { written } from "./amounts.ts";
import { claimsOf, partsOf, type Part } from "./demand.ts";
import { at, seen, type Asked, type Findings } from "./findings.ts";

interface LimitRange extends KubernetesObject {
  readonly spec: { readonly limits: readonly Rule[] };
}

interface Rule {
  readonly type: string;
  readonly min?: Quantities;
  readonly max?: Quantities;
  readonly maxLimitRequestRatio?: Quantities;
}

type Quantities = Readonly<Record<string, string>>;

/** What the namespace's rules for single pods and volumes refuse. */
export async function limitRangeFindings(asked: Asked): Promise<Findings> {
  const { client } = asked;
  const ranges = await seen(client.api.list<LimitRange>(client.path("v1", "limitranges")));
  if (ranges === undefined) return { unseen: ["limitranges"] };
  return {
    problems: ranges.flatMap(({ metadata: { name }, spec }) =>
      spec.limits
        .flatMap((rule) => (rule.type === "PersistentVolumeClaim" ? ofClaims : ofPods)(rule, asked))
        .map((problem) => `LimitRange ${name} of namespace ${client.namespace}, ${problem}`),
    ),
  };
}

/** Every pod has one container: rules for both mean the same here. */
function ofPods(rule: Rule, asked: Asked): string[] {
  if (rule.type !== "Container" && rule.type !== "Pod") return [];
  const parts = partsOf(asked);
  return (["cpu", "memory"] as const).flatMap((what) => [
    ...outside(rule, what, "max", parts),
    ...outside(rule, what, "min", parts),
    ...ratio(rule, what, asked),
  ]);
}

function outside(
  rule: Rule,
  what: "cpu" | "memory",
  which: "max" | "min",
  parts: readonly Part[],
): string[] {
  const text = rule[which]?.[what];
  const bound = amountOf(text);
  if (bound === undefined) return [];
  // The limit is never below the request.
  const name = which === "max" ? (`limits.${what}` as const) : (`requests.${what}` as const);
  const bad = parts.filter(({ pod }) => (which === "max" ? pod[name] > bound : pod[name] < bound));
  if (bad.length === 0) return [];
  const list = bad.map(({ owner, pod }) => `${owner} ${written(name, pod[name])}`).join(", ");
  return [
    `${which} ${what} of a ${rule.type}: got ${text}; ${name} are ${list}; ${fixFor(which, what, bad)}`,
  ];
}

function fixFor(which: "max" | "min", what: "cpu" | "memory", bad: readonly Part[]): string {
  const [own, other] = which === "max" ? ["raise", "lower"] : ["lower", "raise"];
  const settings = new Set(bad.map(({ at: of }) => (what === "cpu" ? of.cpus : of.memoryMb)));
  const request = which === "min" && what === "cpu" ? [at("cpuRequestPercent")] : [];
  if (!settings.has(undefined))
    return `${own} it, or ${other} ${[...request, ...settings].join(", ")}`;
  return request.length > 0
    ? `${own} it, or ${other} ${request.join()}`
    : `${own} it: not all of these have a setting`;
}

function ratio(
  { type, maxLimitRequestRatio }: Rule,
  what: "cpu" | "memory",
  { settings: { cpuRequestPercent } }: Asked,
): string[] {
  const bound = amountOf(maxLimitRequestRatio?.[what]);
  // A pod may use the memory that it asks for, and no more.
  if (bound === undefined || what === "memory" || 100 / cpuRequestPercent <= bound) return [];
  return [
    `maxLimitRequestRatio ${what} of a ${type}: got ${bound}; limits are ${100 / cpuRequestPercent} times the requests; ` +
      `set ${at("cpuRequestPercent")} to ${Math.ceil(100 / bound)} or more`,
  ];
}

function ofClaims({ min, max }: Rule, asked: Asked): string[] {
  const bounds = [
    ["min", min?.["storage"], (bytes: number, bound: number) => bytes < bound],
    ["max", max?.["storage"], (bytes: number, bound: number) => bytes > bound],
  ] as const;
  return bounds.flatMap(([which, text, isOutside]) => {
    const bound = amountOf(text);
    if (bound === undefined) return [];
    const bad = claimsOf(asked).filter(({ bytes }) => isOutside(bytes, bound));
    if (bad.length === 0) return [];
    const list = bad.map(({ owner, bytes }) => `${owner} ${written("storage", bytes)}`).join(", ");
    const settings = [...new Set(bad.map((claim) => at(claim.at)))].join(", ");
    const way = which === "min" ? "raise" : "lower";
    return [
      `${which} storage of a PersistentVolumeClaim: got ${text}; the fleet asks for ${list}; ${way} ${settings}`,
    ];
  });
}
