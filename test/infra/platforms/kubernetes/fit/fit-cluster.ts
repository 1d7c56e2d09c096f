import { kubernetesSchema } from "../../../../../components/platform/kubernetes/kubernetes.schema.ts";
import { loadFleet, type FleetSpec } from "../../../../../infra/config/index.ts";
import { fitOf } from "../../../../../infra/platforms/kubernetes/fit/fit.ts";
import type { Asked } from "../../../../../infra/platforms/kubernetes/fit/findings.ts";
import type { Fit } from "../../../../../infra/platforms/site.ts";
import { rootDir } from "../../../../../infra/root-dir.ts";
import {
  fakeCluster,
  list,
  type Answers,
  type FakeCluster,
} from "../../../../components/platform/kubernetes/fake-cluster.ts";

/** An API server's answers, in the shapes of Kubernetes 1.34, cut to what is read. */

export const authorization = "POST /apis/authorization.k8s.io/v1";
export const everything = { verbs: ["*"], apiGroups: ["*"], resources: ["*"] };
export const rules = (...resourceRules: readonly object[]) => ({ status: { resourceRules } });
export const allowed = (yes: boolean) => ({ status: { allowed: yes } });
export const namespace = "GET /api/v1/namespaces/fleet";
export const named = (name: string, annotations = {}, labels = {}) => ({
  metadata: { name, annotations, labels },
});

export function quota(hard: object, used: object = {}, spec: object = {}) {
  return { ...named("compute"), spec: { hard, ...spec }, status: { hard, used } };
}

/** A cluster that can run everything. */
const complete: Answers = {
  [`${authorization}/selfsubjectrulesreviews`]: rules(everything),
  [`${authorization}/selfsubjectaccessreviews`]: allowed(true),
  "GET /apis/storage.k8s.io/v1/storageclasses": list(
    named("slow", { "storageclass.kubernetes.io/is-default-class": "true" }),
  ),
  "GET /apis/networking.k8s.io/v1/ingressclasses": list(named("nginx")),
  "GET /apis/scheduling.k8s.io/v1/priorityclasses": list(named("high")),
  "GET /api/v1/nodes": list({ metadata: { name: "n", labels: { disk: "ssd" } } }),
  "GET /api/v1/namespaces/fleet/resourcequotas": list(),
  "GET /api/v1/namespaces/fleet/limitranges": list(),
  "GET /apis/apps/v1/namespaces/fleet/statefulsets": list(),
  "GET /apis/apps/v1/namespaces/fleet/deployments": list(),
  "GET /api/v1/namespaces/fleet/persistentvolumeclaims": list(),
};

const fleetOfTen = (sets: readonly string[]): FleetSpec =>
  loadFleet({ fleetPath: "fleets/writing.yaml", env: {}, sets, rootDir }).fleet;
const unchanged = fleetOfTen([]);

/** The fleet of ten, without Grafana. @param sets as `--set` on the command line */
function askedOf(settings: object, sets: readonly string[] = []): Omit<Asked, "client"> {
  const fleet = sets.length === 0 ? unchanged : fleetOfTen(sets);
  const parsed = kubernetesSchema.parse(settings);
  return { stack: "production", settings: parsed, fleet, grafana: false };
}

export async function asked(
  answers: Answers,
  settings: object = {},
  sets: readonly string[] = [],
): Promise<{ readonly fit: Fit; readonly cluster: FakeCluster }> {
  const cluster = await fakeCluster({ ...complete, ...answers });
  const { client } = cluster;
  return { fit: await fitOf({ client, ...askedOf(settings, sets) }), cluster };
}

export async function fit(...given: Parameters<typeof asked>): Promise<Fit> {
  return (await asked(...given)).fit;
}

export async function said(...given: Parameters<typeof asked>): Promise<string | undefined> {
  return (await fit(...given)).objection;
}
