import { disturbed, incarnationsOf, type Pod } from "../stand.ts";

/** One line of `helm history --output json`. */
export interface Revision {
  readonly revision: number;
  /** When its deployment began, RFC 3339. */
  readonly updated: string;
  /** `deployed`, `failed`, `superseded`, `pending-upgrade`, ... */
  readonly status: string;
  readonly description: string;
}

/** @throws if it is not what `helm history --output json` prints. */
export function parseHistory(json: string): readonly Revision[] {
  const read: unknown = JSON.parse(json);
  const known =
    Array.isArray(read) &&
    read.every(
      (one: Partial<Revision> | null) =>
        typeof one?.revision === "number" &&
        typeof one.status === "string" &&
        !Number.isNaN(Date.parse(one.updated ?? "")),
    );
  if (!known) throw new Error(`no history of a release: ${json.slice(0, 200)}`);
  return (read as Revision[]).sort((a, b) => a.revision - b.revision);
}

/** What Helm's records say of one upgrade. Seconds; undefined for what did not happen. */
export interface Recorded {
  /** Of the revision that is last. */
  readonly status: string;
  readonly revision: number;
  /** From the beginning of the upgrade until Helm began to roll it back. */
  readonly detect: number | undefined;
  /** From then until it ended. */
  readonly rollback: number | undefined;
}

/**
 * @param before revision that was last before the upgrade.
 * @param ended when `helm` ended, ms since 1970.
 * @throws if the upgrade has left no record.
 */
export function recordedOf(history: readonly Revision[], before: number, ended: number): Recorded {
  const [attempt, rollback] = history.filter(({ revision }) => revision > before);
  if (attempt === undefined) throw new Error(`no revision after ${before}: Helm upgraded nothing`);
  const { status, revision } = rollback ?? attempt;
  if (rollback === undefined) return { status, revision, detect: undefined, rollback: undefined };
  const began = Date.parse(rollback.updated);
  return {
    ...{ status, revision },
    detect: (began - Date.parse(attempt.updated)) / 1000,
    rollback: (ended - began) / 1000,
  };
}

/** What an upgrade did to the pods. */
export interface PodChanges {
  /** Pods of before that are gone or were started again. */
  readonly recreated: number;
  /** Those of them that nobody meant to touch: of other servers, and of all servers if it failed. */
  readonly disturbed: number;
  /** Release that the pods of the changed servers are of. */
  readonly runs: "old" | "new" | "both" | "none";
}

const nameLabel = "app.kubernetes.io/name";
/** Set by the controller of Deployments: the same for the same pod template. */
const templateLabel = "pod-template-hash";

/** @param changed names of the servers that the upgrade was to change. */
export function podChanges(
  before: readonly Pod[],
  after: readonly Pod[],
  { changed, failed }: { readonly changed: ReadonlySet<string>; readonly failed: boolean },
): PodChanges {
  const isChanged = ({ metadata: { labels } }: Pod) => changed.has(labels?.[nameLabel] ?? "");
  const template = ({ metadata: { labels } }: Pod) => labels?.[templateLabel];
  const untouched = failed ? before : before.filter((pod) => !isChanged(pod));
  const now = incarnationsOf(after);
  const old = new Set(before.map(template));
  const running = after.filter((pod) => isChanged(pod) && pod.metadata.name in now);
  const releases = new Set(running.map((pod) => (old.has(template(pod)) ? "old" : "new")));
  return {
    recreated: disturbed(incarnationsOf(before), now),
    disturbed: disturbed(incarnationsOf(untouched), now),
    runs: releases.size === 2 ? "both" : ([...releases][0] ?? "none"),
  };
}
