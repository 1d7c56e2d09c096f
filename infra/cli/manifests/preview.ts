import type { FleetSpec } from "../../config/index.ts";
import type { CommandContext } from "../context.ts";
import { exitCodes } from "../exit-codes.ts";
import { settingsOf } from "../preflight.ts";
import { lastReleaseOf } from "./last-release.ts";
import { describeFinding, subjectOf } from "./manifest.ts";
import { planStack, type Plan } from "./plan.ts";
import { schemaVersion } from "./schema.ts";

/** `fleet preview` where no cluster can be asked: every object, judged by what is known of Kubernetes here. */
export async function previewWithoutCluster(
  context: CommandContext,
  fleet: FleetSpec,
  noCluster: string,
): Promise<number> {
  const tell = context.json ? context.note : context.out;
  tell(
    `no cluster can be asked, so manifests are checked against Kubernetes ${schemaVersion()}: ${noCluster}`,
  );
  const { note, ...release } = await lastReleaseOf(context);
  tell(note);
  const { rootDir, stack } = context;
  const settings = settingsOf(context);
  const plan = await planStack({ rootDir, stack, fleet, settings, ...release });
  for (const line of linesOf(plan)) tell(line);
  if (context.json) {
    context.out(
      JSON.stringify(
        {
          stack,
          cluster: null,
          changes: countsOf(plan),
          objects: plan.objects.map(({ step, manifest: { apiVersion, kind, metadata } }) => ({
            ...{ step, apiVersion, kind, name: metadata.name },
          })),
          gone: plan.gone,
          findings: plan.findings,
        },
        undefined,
        2,
      ),
    );
  }
  return plan.findings.length === 0 ? exitCodes.done : exitCodes.refused;
}

const verbs = { create: "create", change: "change" } as const;

function linesOf(plan: Plan): string[] {
  const changed = plan.objects.flatMap(({ step, manifest }) =>
    step === "same" ? [] : [`  ${verbs[step]} ${subjectOf(manifest)}`],
  );
  const { same = 0, ...counts } = countsOf(plan);
  const summary = Object.entries(counts).map(([step, count]) => `${count} to ${step}`);
  const { length } = plan.findings;
  return [
    ...changed,
    ...plan.gone.map((subject) => `  delete ${subject}`),
    `${summary.join(", ") || "no changes"}; ${same} unchanged`,
    ...plan.findings.map((finding) => `  ${describeFinding(finding)}`),
    length === 0
      ? `${plan.objects.length} manifests, 0 findings; whether the cluster has room, classes and rights for them, only it can say`
      : `${plan.objects.length} manifests, ${length} finding(s): the cluster would refuse them, or not do what is meant`,
  ];
}

/** Objects by what would become of them. */
function countsOf({ objects, gone }: Plan): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { step } of objects) counts[step] = (counts[step] ?? 0) + 1;
  return { ...counts, ...(gone.length > 0 && { delete: gone.length }) };
}
