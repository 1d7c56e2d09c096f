import { randomBytes } from "node:crypto";
import * as pulumi from "@pulumi/pulumi";
import type { RolloutSpec } from "../components/health/health.schema.ts";
import { policyFor, type Policies } from "../components/health/policy.ts";
import type { AskedNeighbour } from "../components/health/probed-fleet.ts";
import { readPolicy, type HealthPolicy } from "../components/health/policy.schema.ts";
import { surveyPolicy, type Answers } from "../components/health/run-policy.ts";
import { withCopies } from "../components/health/copies.ts";
import { withoutLatencyOf } from "../components/health/unchanged.ts";
import type { FleetSpec } from "./config/index.ts";
import { beforeOf, handoverTo, targetsOf } from "./handover.ts";
import { judgeHealth } from "./health-judge.ts";
import { moveObjection, placeIn } from "./platforms/place.ts";
import type { Site } from "./platforms/site.ts";
import { secretsOf } from "./probe-secrets.ts";
import type { GuardedParts, ReleaseGates } from "./release-gates.ts";
import { refusal } from "./refusal.ts";
import { releaseName, type ReleaseParts } from "./release-name.ts";
import type { Deployment } from "./release/deployment.ts";
import type { Judge } from "./release/gate.ts";
import { historyDirectory } from "./release/history-place.ts";
import { History } from "./release/history.ts";
import { owner } from "./release/lease.ts";
import type { ReleaseEvent } from "./release/link.ts";
import { packDeployment } from "./release/pack.ts";
import {
  readRecords,
  transactionState,
  type GateContent,
  type ReleaseRecords,
} from "./release/records.ts";
import { ReleaseTransaction } from "./release/transaction-records.ts";
import { gatewayFiles, publicJudge, type Handover } from "./switch-traffic.ts";
import type { SecretSource } from "../components/health/secrets.ts";

/** The transaction that this run of the program belongs to. */
export interface OpenRelease {
  readonly identity: {
    readonly release: string;
    readonly transaction: string;
    readonly lineage: string;
  };
  readonly gates: ReleaseGates;
  /** Secrets that probes name; to be given as soon as they exist. */
  readonly setSecrets: (source: SecretSource) => void;
  /** To be called when everything is registered: what it registers is the commit. */
  readonly finish: () => void;
}

export interface OpenReleaseOptions {
  readonly dryRun: boolean;
  readonly site: Site;
  readonly spec: FleetSpec;
  /** As of a policy. */
  readonly neighbour?: AskedNeighbour | undefined;
  readonly parts: ReleaseParts;
  readonly tell: (event: ReleaseEvent) => void;
}

/**
 * Writes the journal and makes the gates of a release.
 *
 * @throws if the update before this one was not committed, or the stack is deployed somewhere else.
 */
export async function openRelease(
  deployment: Deployment | null,
  { dryRun, site, spec, neighbour, parts, tell }: OpenReleaseOptions,
): Promise<OpenRelease> {
  const stack = pulumi.getStack();
  const records = readRecords(deployment?.resources ?? []);
  const state = transactionState(records);
  const { journal } = records;
  if (state === "open" && !dryRun) {
    const { user, host } = journal!.owner;
    throw refusal(
      `release ${journal!.release} was not committed (${journal!.transaction}, begun ${journal!.since} by ` +
        `${user}@${host}); it is being rolled back now, run this again after ./fleet status --stack ${stack} --wait`,
    );
  }
  const moved = moveObjection(stack, placeIn(journal), site.place);
  if (moved !== undefined) throw refusal(moved);
  const policies = policiesOf(spec, neighbour);
  const release = releaseName(parts, stack);
  const { again, handover } = handoverTo(release, records, site.place);
  const identity = { release, transaction: again ? journal!.transaction : newTransaction() };
  const lineage = journal?.lineage ?? randomBytes(6).toString("hex");

  const survey = again || dryRun ? undefined : surveyBefore(site, deployment, records);
  const written = await ReleaseTransaction.begin(
    identity,
    again
      ? undefined
      : {
          ...identity,
          lineage,
          from: journal?.release ?? null,
          owner: owner(),
          since: new Date().toISOString(),
          historyHead: new History(historyDirectory(pulumi.getProject(), stack)).head(),
          context: handover,
          before: deployment && !dryRun ? packDeployment(deployment) : null,
        },
  );
  tell({ kind: "begin", ...identity });

  let secrets: SecretSource = secretsOf(deployment);
  const judge = healthGate({
    ...{ site, transaction: identity.transaction, tell, handover },
    filesBefore: dryRun
      ? undefined
      : gatewayFiles(site.liveFiles, targetsOf(records, "public")["gateway"]?.workload),
    before: survey,
    rollout: spec.rollout,
    secrets: () => secrets,
    // The program asks nothing more of the platform: what is kept open would keep the program, too.
    atEnd: () => site.close(),
  });
  const gate = (
    name: "private" | "public",
    guarded: GuardedParts,
    dependsOn: readonly pulumi.Resource[],
  ) =>
    written.gate(
      name,
      {
        guards: Object.fromEntries(Object.entries(guarded).map(([part, { id }]) => [part, id])),
        policy: withTargets(policies[name], guarded, release),
        judge,
      },
      dependsOn,
    );
  const last: pulumi.Resource[] = [];
  return {
    identity: { ...identity, lineage },
    setSecrets: (source) => {
      secrets = source;
    },
    gates: {
      before: beforeOf(handover),
      firstStep: deployment ? (spec.rollout.steps[0] ?? 100) : 100,
      private: (guarded, dependsOn) => gate("private", guarded, dependsOn),
      public: (guarded, dependsOn) => {
        const made = gate("public", guarded, dependsOn);
        last.push(made);
        return made;
      },
    },
    finish: () => void written.commit(last),
  };
}

export interface HealthGateOptions {
  readonly site: Pick<Site, "transport" | "liveFiles">;
  readonly transaction: string;
  readonly handover: Omit<Handover, "place">;
  /** Version of the gateway's files before this release changes anything. */
  readonly filesBefore?: Promise<string | undefined> | undefined;
  readonly rollout: RolloutSpec;
  /** What the release before answered to the same probes. */
  readonly before: Promise<Answers | undefined> | undefined;
  readonly secrets: () => SecretSource;
  readonly tell: (event: ReleaseEvent) => void;
  /** Called when the last gate has spoken. */
  readonly atEnd?: () => Promise<void>;
}

/** Judges both gates of a fleet; the public one moves the traffic too. */
export function healthGate(options: HealthGateOptions): Judge {
  const { site, transaction, handover, rollout, tell } = options;
  return async (gate, content) => {
    tell({ kind: "phase", phase: gate === "private" ? "gate" : "watch" });
    const transport = site.transport(transaction);
    try {
      const [before, filesBefore] = await Promise.all([options.before, options.filesBefore]);
      const secrets = options.secrets();
      const asked = gate === "private" ? content : aboutThisRelease(content, handover);
      const ask = () =>
        judgeHealth(gate, asked, transport, { secrets, tell, ...(before && { before }) });
      const verdict =
        gate === "private"
          ? await ask()
          : await publicJudge(
              {
                ...{ content, transport, handover, rollout, tell, filesBefore },
                liveFiles: site.liveFiles,
              },
              ask,
            );
      tell({ kind: "verdict", gate, verdict });
      if (gate === "private" && verdict.pass) tell({ kind: "phase", phase: "switch" });
      return verdict;
    } finally {
      await transport.close();
      if (gate === "public") await options.atEnd?.();
    }
  };
}

/** The policy without what says more about the machine than about what the release has changed. */
function aboutThisRelease(content: GateContent, { before }: Pick<Handover, "before">): GateContent {
  const policy = readPolicy(content.policy);
  const unchanged = Object.entries(policy.targets).filter(
    ([component, { workload }]) => before[component] === workload,
  );
  return {
    ...content,
    policy: withoutLatencyOf(policy, new Set(unchanged.map(([component]) => component))),
  };
}

function policiesOf(spec: FleetSpec, neighbour: AskedNeighbour | undefined): Policies {
  try {
    return policyFor({
      servers: spec.servers,
      database: spec.postgres.name,
      externalDatabase: spec.postgres.external !== undefined,
      scrapeIntervalSeconds: spec.monitoring.prometheus.scrapeIntervalSeconds,
      ...(neighbour && { neighbour }),
      health: spec.health,
      rollout: spec.rollout,
    });
  } catch (error) {
    throw refusal(`health policy: ${(error as Error).message}`);
  }
}

/** Where the parts of this very release are asked; kept with the policy. */
function withTargets(
  policy: HealthPolicy,
  guarded: GuardedParts,
  release: string,
): pulumi.Output<HealthPolicy> {
  const places = Object.fromEntries(
    Object.entries(guarded).map(([component, { address, endpoints = [], elastic = [] }]) => [
      component,
      pulumi.all([address, endpoints, elastic]),
    ]),
  );
  return pulumi.output(places).apply((resolved) =>
    withCopies({
      ...policy,
      targets: Object.fromEntries(
        Object.entries(resolved).map(([component, [workload, endpoints, elastic]]) => [
          component,
          {
            ...{ component, workload, address: workload, release },
            // Where an only copy has a name of its own, gateways and scrapers know it by that.
            ...(endpoints.some((endpoint) => endpoint !== workload) && {
              endpoints: [...endpoints],
            }),
            ...(elastic.length > 0 && { elastic: [...elastic] }),
          },
        ]),
      ),
    }),
  );
}

/** What is wrong with the release before is not blamed on this one. */
async function surveyBefore(
  site: Site,
  deployment: Deployment | null,
  { gates, journal }: ReleaseRecords,
): Promise<Answers | undefined> {
  const stored = [...gates.values()].map(({ policy }) => policy);
  if (stored.length === 0) return undefined;
  const transport = site.transport(journal?.transaction ?? "none");
  try {
    const options = { transport, secrets: secretsOf(deployment) };
    const surveys = await Promise.all(
      stored.map((policy) => surveyPolicy(readPolicy(policy), options, surveySeconds)),
    );
    return new Map(surveys.flatMap((answers) => [...answers]));
  } catch {
    // An old policy that cannot be read any more excuses nothing.
    return undefined;
  } finally {
    await transport.close();
  }
}

/** Three attempts at the eager pace of 0.5 s, and slack on a busy machine. */
const surveySeconds = 3;

/** Sorts by time and says when: `t-20260101T120000Z-1a2b3c4d5e6f`. */
export function newTransaction(): string {
  return `t-${new Date().toISOString().replaceAll(/[-:]|\.\d+/g, "")}-${randomBytes(6).toString("hex")}`;
}
