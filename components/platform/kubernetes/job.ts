import * as batch from "@pulumi/kubernetes/batch/v1/index.js";
import type { core } from "@pulumi/kubernetes/types/input.js";
import type * as pulumi from "@pulumi/pulumi";
import type { JobArgs } from "../platform.ts";
import { edgeLabels, type Edges } from "./network-policy.ts";

/** What a job's pod is made of. */
export interface JobParts {
  readonly labels: pulumi.Output<Record<string, string>>;
  readonly edges: Edges;
  readonly spec: pulumi.Input<core.v1.PodSpec>;
}

/** One pod that runs once. */
export function podJob(
  name: string,
  namespace: pulumi.Input<string>,
  { timeoutSeconds }: Pick<JobArgs, "timeoutSeconds">,
  { labels, edges, spec }: JobParts,
  opts: pulumi.CustomResourceOptions,
): batch.Job {
  return new batch.Job(
    name,
    {
      metadata: {
        namespace,
        labels,
        annotations: { "pulumi.com/timeoutSeconds": String(timeoutSeconds + 30) },
      },
      spec: {
        // Another try would meet what the first one left.
        backoffLimit: 0,
        activeDeadlineSeconds: timeoutSeconds,
        template: {
          metadata: { labels: labels.apply((own) => ({ ...own, ...edgeLabels(edges) })) },
          spec,
        },
      },
    },
    // A template of a job never changes: another revision is another job.
    { ...opts, replaceOnChanges: ["spec"] },
  );
}
