import { claimReadiness, quotaReadiness } from "./by-status.ts";
import { DeploymentReadiness } from "./deployment.ts";
import { IngressReadiness } from "./ingress.ts";
import { JobReadiness } from "./job.ts";
import type { Readiness, Subject } from "./readiness.ts";
import { ServiceReadiness } from "./service.ts";
import { StatefulSetReadiness } from "./stateful-set.ts";

type Make = (subject: Subject) => Readiness;

/** Kinds that can stop being ready: a refresh looks into them, too. */
export const LASTING: Readonly<Record<string, Make>> = {
  Deployment: (subject) => new DeploymentReadiness(subject),
  Ingress: (subject) => new IngressReadiness(subject),
  Job: (subject) => new JobReadiness(subject),
  Service: (subject) => new ServiceReadiness(subject),
  StatefulSet: (subject) => new StatefulSetReadiness(subject),
};

/** Every kind that is waited for; all others are ready when they are there. */
export const AWAITED: Readonly<Record<string, Make>> = {
  ...LASTING,
  PersistentVolumeClaim: claimReadiness,
  ResourceQuota: quotaReadiness,
};
