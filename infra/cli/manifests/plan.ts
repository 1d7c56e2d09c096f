import type { KubernetesSettings } from "../../../components/platform/kubernetes/kubernetes.schema.ts";
import { howToForget, protectedLeft } from "../../protected-volumes.ts";
import { nameOf, type ResourceRecord } from "../../release/deployment.ts";
import { deployedOf, isOfCluster, keyOf } from "./deployed.ts";
import { planFleet, type FleetManifestsOptions } from "./fleet-manifests.ts";
import { subjectOf, type Finding, type Manifest } from "./manifest.ts";
import { referenceFindings, type Foreign } from "./reference-checks.ts";
import type { Planned } from "./run-program.ts";
import { schemaFindings } from "./schema.ts";
import { toManifest } from "./to-manifest.ts";
import { valueFindings } from "./value-checks.ts";

/** An object of a stack, and what would become of it. */
interface PlannedObject {
  readonly step: Planned["step"];
  /** Secrets in clear. */
  readonly manifest: Manifest;
}

export interface Plan {
  readonly objects: readonly PlannedObject[];
  /** Objects of the last release that the stack would have no more, as `Service scene-1a2b3c4`. */
  readonly gone: readonly string[];
  readonly findings: readonly Finding[];
}

/** What a stack would have in its cluster, and everything that is wrong with it. */
export async function planStack(options: FleetManifestsOptions): Promise<Plan> {
  const planned = await planFleet(options);
  const objects = planned
    .map((one) => ({ step: one.step, manifest: toManifest(one) }))
    // They are registered in whatever order their inputs become known.
    .sort((a, b) => (subjectOf(a.manifest) < subjectOf(b.manifest) ? -1 : 1));
  const manifests = objects.map(({ manifest }) => manifest);
  const gone = goneOf(options, planned);
  return {
    objects,
    gone: gone.map(subjectOfRecord).sort(),
    findings: [
      ...manifests.flatMap((manifest) => {
        const wrong = schemaFindings(manifest);
        // What is of another shape cannot be looked into.
        return wrong.length > 0 ? wrong : valueFindings(manifest);
      }),
      ...referenceFindings(manifests, foreignOf(options.settings.kubernetes)),
      ...keptFindings(options, gone),
    ],
  };
}

function goneOf(
  { deployment }: FleetManifestsOptions,
  planned: readonly Planned[],
): readonly ResourceRecord[] {
  const there = new Set(planned.map(({ type, name }) => keyOf(type, name)));
  return [...deployedOf(deployment).resources.values()].filter(
    ({ type, urn }) => isOfCluster(type) && !there.has(keyOf(type, nameOf(urn))),
  );
}

/** What an update with these settings would be refused for. */
function keptFindings(
  { stack }: FleetManifestsOptions,
  gone: readonly ResourceRecord[],
): Finding[] {
  return protectedLeft(gone).map((record) => ({
    object: subjectOfRecord(record),
    path: "protect",
    problem: `true in the last release, and these settings have no such volume; ${howToForget([record], stack)}`,
  }));
}

function subjectOfRecord({ type, urn }: Pick<ResourceRecord, "type" | "urn">): string {
  return `${type.split(":").at(-1)!} ${nameOf(urn)}`;
}

/** Secrets that somebody else puts into the namespace. */
function foreignOf({ images, gateway }: KubernetesSettings): Foreign {
  return new Set(
    [images.pullSecret, gateway.ingress?.tlsSecret].flatMap((name) =>
      name === undefined ? [] : [`Secret ${name}`],
    ),
  );
}
