import { fixedLimits } from "../../../../components/database/fixed-limits.ts";
import { jobCpus, resourcesOf } from "../../../../components/platform/kubernetes/pod.ts";
import { amountOf } from "../../../../components/platform/kubernetes/quantity.ts";
import { mostCopies } from "../../../../components/platform/kubernetes/copies.ts";
import { partLimits } from "../../../config/index.ts";
import type { Asked } from "./findings.ts";

/** What a pod asks for and may use: cores, bytes. */
export interface PodAmounts {
  readonly "requests.cpu": number;
  readonly "requests.memory": number;
  readonly "limits.cpu": number;
  readonly "limits.memory": number;
}

/** One part of the fleet, as the program deploys it. */
export interface Part {
  readonly owner: string;
  /** Settings of its limits; absent where nothing sets them. */
  readonly at: { readonly cpus?: string; readonly memoryMb?: string };
  readonly kind: "StatefulSet" | "Deployment" | "Job";
  /** Whether a changed one is made beside the one before. */
  readonly beside: boolean;
  /** Pods of it, and how many an autoscaler may make of them. */
  readonly copies: number;
  readonly most: number;
  /** Of one pod. */
  readonly pod: PodAmounts;
}

/** Bytes of a volume, and where they are set. */
export interface Claim {
  readonly owner: string;
  readonly at: string;
  readonly bytes: number;
}

type Fleet = Pick<Asked, "fleet" | "settings" | "grafana">;

/** Parts that keep data, and which setting is their size. */
const storing: Readonly<Record<string, "postgresGi" | "monitoringGi">> = {
  ...{ postgres: "postgresGi", prometheus: "monitoringGi" },
  ...{ alertmanager: "monitoringGi", grafana: "monitoringGi" },
};

/** Everything that a fleet runs; a test holds it to what the program registers. */
export function partsOf({ fleet, settings, grafana }: Fleet): readonly Part[] {
  const servers = new Set(fleet.servers.map(({ name }) => name));
  const parts = partLimits(fleet)
    .filter(({ owner }) => isOurs(owner, { settings, grafana }))
    .map(({ owner, at: path, fixedCpus, ...limits }): Part => {
      const beside = servers.has(owner);
      const copies = beside
        ? settings.replicas
        : owner === "gateway"
          ? settings.gateway.replicas
          : 1;
      const at = path.join(".");
      return {
        ...{ owner, beside, copies },
        at: { memoryMb: `${at}.memoryMb`, ...(!fixedCpus && { cpus: `${at}.cpus` }) },
        kind: beside || owner in storing ? "StatefulSet" : "Deployment",
        most: beside ? mostCopies(settings, copies) : copies,
        pod: amountsOf(resourcesOf(limits, settings)),
      };
    });
  const job = (owner: string, memoryMb: number, at: Part["at"]): Part => ({
    ...{ owner, at, kind: "Job", beside: false, copies: 1, most: 1 },
    pod: amountsOf(resourcesOf({ cpus: jobCpus, memoryMb }, settings)),
  });
  return [
    ...parts,
    job("migrations", fixedLimits.migrations.memoryMb, {}),
    job("gateway-trial", fleet.gateway.memoryMb, { memoryMb: "gateway.memoryMb" }),
  ];
}

/** Whether the fleet has a part that somebody else may have, or nobody. */
function isOurs(owner: string, { settings, grafana }: Omit<Fleet, "fleet">): boolean {
  if (owner === "grafana" && !grafana) return false;
  const monitoring = ["prometheus", "alertmanager", "grafana"].includes(owner);
  return !(monitoring && settings.monitoring.existing);
}

/** Every volume of a fleet. */
export function claimsOf({ fleet: { postgres }, settings, grafana }: Fleet): readonly Claim[] {
  return Object.entries(storing)
    .filter(([owner]) => isOurs(owner, { settings, grafana }))
    .filter(([owner]) => postgres.external === undefined || owner !== "postgres")
    .map(([owner, key]) => ({
      ...{ owner, at: `storage.${key}` },
      bytes: settings.storage[key] * 2 ** 30,
    }));
}

/** Of one container, as it stands in a manifest. */
export function amountsOf({ requests = {}, limits = {} }: Resources): PodAmounts {
  return {
    "requests.cpu": amountOf(requests.cpu) ?? 0,
    "requests.memory": amountOf(requests.memory) ?? 0,
    "limits.cpu": amountOf(limits.cpu) ?? 0,
    "limits.memory": amountOf(limits.memory) ?? 0,
  };
}

export interface Resources {
  readonly requests?: { readonly cpu?: string; readonly memory?: string };
  readonly limits?: { readonly cpu?: string; readonly memory?: string };
}
