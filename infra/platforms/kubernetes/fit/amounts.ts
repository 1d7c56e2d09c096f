import type { Part, PodAmounts } from "./demand.ts";

/** What quotas count: cores, bytes, pieces, by the name that a quota has for it. */
export type Amounts = Readonly<Record<string, number>>;

export function sumOf(all: readonly Amounts[]): Amounts {
  const sum: Record<string, number> = {};
  for (const one of all)
    for (const [name, amount] of Object.entries(one)) sum[name] = (sum[name] ?? 0) + amount;
  return sum;
}

/** Of a workload with so many pods, and the Service that each has. */
export function workloadAmounts(kind: Part["kind"], pod: PodAmounts, copies: number): Amounts {
  const ofPods = Object.entries(pod).map(([name, amount]) => [name, amount * copies]);
  return {
    ...(Object.fromEntries(ofPods) as Amounts),
    ...{ pods: copies, services: 1, [`count/${kind.toLowerCase()}s.apps`]: 1 },
  };
}

/** Of a claim; some quotas count those of one storage class. */
export function claimAmounts(bytes: number, className: string | undefined): Amounts {
  const amounts = { persistentvolumeclaims: 1, "requests.storage": bytes };
  if (className === undefined) return amounts;
  const prefix = `${className}.storageclass.storage.k8s.io/`;
  const ofClass = Object.entries(amounts).map(([name, amount]) => [prefix + name, amount]);
  return { ...amounts, ...(Object.fromEntries(ofClass) as Amounts) };
}

/** As people write it: `2500m`, `1536Mi`, `12Gi`, `30`. */
export function written(name: string, amount: number): string {
  if (/cpu$/.test(name)) {
    const milli = Math.round(amount * 1000);
    return milli % 1000 === 0 ? String(milli / 1000) : `${milli}m`;
  }
  if (!/memory$|storage$/.test(name)) return String(amount);
  const mebibytes = Math.ceil(amount / 2 ** 20);
  return mebibytes % 1024 === 0 ? `${mebibytes / 1024}Gi` : `${mebibytes}Mi`;
}
