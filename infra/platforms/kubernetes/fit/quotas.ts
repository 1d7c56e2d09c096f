import type { KubernetesObject } from "../../../../components/platform/kubernetes/objects.ts";
import { amountOf } from "../../../../components/platform/kubernetes/quantity.ts";
import { claimAmounts, sumOf, workloadAmounts, written, type Amounts } from "./amounts.ts";
import { claimsOf, partsOf, type Part } from "./demand.ts";
import { at, seen, type Asked, type Findings } from "./findings.ts";
import { isReplaced, ownClaims, ownWorkloads } from "./own-use.ts";

interface Quota extends KubernetesObject {
  readonly spec: Scoped & { readonly hard?: Quantities };
  readonly status?: { readonly hard?: Quantities; readonly used?: Quantities };
}

type Quantities = Readonly<Record<string, string>>;

interface Scoped {
  readonly scopes?: readonly string[];
  readonly scopeSelector?: {
    readonly matchExpressions?: readonly {
      readonly scopeName: string;
      readonly operator: string;
      readonly values?: readonly string[];
    }[];
  };
}

/** What a fleet needs of each thing that quotas count. */
interface Needs {
  /** With as many copies as there are whatever the load is. */
  readonly fleet: Amounts;
  /** With as many copies as an autoscaler may make. */
  readonly most: Amounts;
  /** Of the old workloads that live beside it until it is proven. */
  readonly old: Amounts;
  readonly oldNames: readonly string[];
  /** What the stack has now: part of what is used. */
  readonly own: Amounts;
  /** New copies of one server, for each of them. */
  readonly servers: readonly { readonly owner: string; readonly amounts: Amounts }[];
}

/**
 * What quotas of the namespace leave for the fleet beside others. Of a server that changes, the pods of both releases
 * count: they live side by side until the new release is proven.
 */
export async function quotaFindings(asked: Asked): Promise<Findings> {
  const { client, settings } = asked;
  const quotas = await seen(client.api.list<Quota>(client.path("v1", "resourcequotas")));
  if (quotas === undefined) return { unseen: ["resourcequotas"] };
  const concerning = quotas.filter(({ spec }) => concerns(spec, settings.priorityClassName));
  if (concerning.length === 0) return {};
  const needs = await needsOf(asked);
  const all = concerning.flatMap(({ metadata: { name }, spec, status = {} }) =>
    Object.entries(status.hard ?? spec.hard ?? {}).map(([what, hard]) => {
      const where = `ResourceQuota ${name} of namespace ${client.namespace}, ${what}: got ${hard}`;
      const used = amountOf(status.used?.[what]) ?? 0;
      return judged(keyOf(what), { where, hard: amountOf(hard), used }, needs);
    }),
  );
  return {
    problems: all.flatMap(({ problems = [] }) => problems),
    warnings: all.flatMap(({ warnings = [] }) => warnings),
  };
}

async function needsOf(asked: Asked): Promise<Needs> {
  const [workloads, claims] = await Promise.all([ownWorkloads(asked), ownClaims(asked)]);
  // Pods of jobs have gone before what follows them is there.
  const parts = partsOf(asked).filter(({ kind }) => kind !== "Job");
  const old = workloads.filter((workload) => isReplaced(workload, parts, asked));
  const { className } = asked.settings.storage;
  const claimed = claimsOf(asked).map(({ bytes }) => claimAmounts(bytes, className));
  const amounts = ({ kind, pod }: Part, copies: number) => workloadAmounts(kind, pod, copies);
  return {
    fleet: sumOf([...parts.map((part) => amounts(part, part.copies)), ...claimed]),
    most: sumOf([...parts.map((part) => amounts(part, part.most)), ...claimed]),
    old: sumOf(old.map((workload) => workload.amounts)),
    oldNames: [...new Set(old.map(({ owner }) => owner))].sort(),
    own: sumOf([...workloads.map((workload) => workload.amounts), claims]),
    servers: parts
      .filter(({ beside }) => beside)
      .map((part) => ({ owner: part.owner, amounts: amounts(part, part.copies) })),
  };
}

/** One amount of one quota. */
interface Bound {
  readonly where: string;
  readonly hard: number | undefined;
  readonly used: number;
}

function judged(key: string, { where, hard, used }: Bound, needs: Needs): Findings {
  const asks = needs.fleet[key];
  if (asks === undefined || hard === undefined) return {};
  const word = (amount: number) => written(key, amount);
  const old = needs.old[key] ?? 0;
  const others = Math.max(0, used - (needs.own[key] ?? 0));
  const got = others > 0 ? `${where}, of which others use ${word(others)}` : where;
  const together = asks + old + others;
  if (exceeds(together, hard)) {
    const beside =
      old === 0
        ? ""
        : `, and the old pods of ${needs.oldNames.join(", ")}, which stay until the new ones are proven, have ${word(old)}`;
    return {
      problems: [
        `${got}; the fleet asks for ${word(asks)}${beside}; raise it to ${word(together)}${orLower(key)}`,
      ],
    };
  }
  const [largest] = [...needs.servers].sort(
    (a, b) => (b.amounts[key] ?? 0) - (a.amounts[key] ?? 0),
  );
  const more = largest?.amounts[key] ?? 0;
  if (old === 0 && exceeds(together + more, hard)) {
    return {
      warnings: [
        `${got}; that is enough for the fleet (${word(asks)}), not for a change of ${largest!.owner}, ` +
          `whose old and new pods live side by side until the new ones are proven; raise it to ${word(together + more)}`,
      ],
    };
  }
  const most = needs.most[key] ?? 0;
  if (!exceeds(most + others, hard)) return {};
  return {
    warnings: [
      `${got}; with as many pods as ${at("autoscaling.maxReplicas")} allows the fleet asks for ${word(most)}; raise it to ${word(most + others)}, or lower that`,
    ],
  };
}

/** Sums of fractions are not exact. */
function exceeds(amount: number, bound: number): boolean {
  return amount > bound * (1 + 1e-9);
}

/** Whether a quota counts pods like those of a fleet: with requests, without a deadline. */
function concerns({ scopes = [], scopeSelector = {} }: Scoped, priority = ""): boolean {
  const named = scopes.map((scopeName) => ({ scopeName, operator: "Exists", values: [] }));
  return [...named, ...(scopeSelector.matchExpressions ?? [])].every(
    ({ scopeName, operator, values = [] }) => {
      if (scopeName === "NotTerminating" || scopeName === "NotBestEffort") return true;
      if (scopeName !== "PriorityClass") return false;
      if (operator === "In") return values.includes(priority);
      if (operator === "NotIn") return !values.includes(priority);
      return (operator === "Exists") === (priority !== "");
    },
  );
}

/** One name for what quotas have several for. */
function keyOf(name: string): string {
  if (name === "cpu" || name === "memory") return `requests.${name}`;
  return name.replace(/^count\/(pods|services|persistentvolumeclaims)$/, "$1");
}

/** What makes the fleet ask for less. */
function orLower(key: string): string {
  const settings = {
    "requests.cpu": `${at("cpuRequestPercent")} or ${at("replicas")}`,
    "limits.cpu": `cpus of servers or ${at("replicas")}`,
    "requests.memory": `memoryMb of servers or ${at("replicas")}`,
    "limits.memory": `memoryMb of servers or ${at("replicas")}`,
    pods: `${at("replicas")} or ${at("gateway.replicas")}`,
    "requests.storage": `${at("storage.postgresGi")} or ${at("storage.monitoringGi")}`,
  }[key.replace(/^.*storageclass\.storage\.k8s\.io\//, "")];
  return settings === undefined ? "" : `, or lower ${settings}`;
}
