import type { ResourceRecord } from "../../../infra/release/deployment.ts";
import type {
  CommitContent,
  GateContent,
  Guarded,
  JournalContent,
} from "../../../infra/release/records.ts";
import { record } from "./deployment-records.ts";

const stash = "pulumi:index:Stash";

/** A value as an export with open secrets shows it. */
export function openSecret(plain: unknown): unknown {
  return {
    "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270",
    plaintext: JSON.stringify(plain),
  };
}

function stashed(name: string, content: unknown, fields: Partial<ResourceRecord>): ResourceRecord {
  return record(stash, name, {
    id: `${name}-id`,
    inputs: { input: content },
    outputs: { input: content, output: content },
    ...fields,
  });
}

/** The journal as it lies in an export: what was deployed before is a secret in it. */
export function journal(
  content: Partial<Omit<JournalContent, "before">> & { readonly before?: string | null } = {},
  fields: Partial<ResourceRecord> = {},
): ResourceRecord {
  const { before = null, ...rest } = content;
  const whole = {
    version: 1,
    transaction: "t-1",
    release: "r-1",
    from: null,
    lineage: "l-1",
    owner: { user: "ann", host: "build-7", pid: 4711 },
    since: "2026-01-02T03:04:05.000Z",
    historyHead: null,
    context: {},
    ...rest,
    before: before === null ? null : openSecret(before),
  };
  return stashed("release-journal", whole, fields);
}

export function gate(
  name: string,
  content: Partial<GateContent> = {},
  fields: Partial<ResourceRecord> = {},
): ResourceRecord {
  const whole: GateContent = {
    version: 1,
    transaction: "t-1",
    release: "r-1",
    guards: { server: "id-1" },
    policy: {},
    ...content,
  };
  return stashed(`release-gate-${name}`, whole, fields);
}

export function commit(
  content: Partial<CommitContent> = {},
  fields: Partial<ResourceRecord> = {},
): ResourceRecord {
  const whole: CommitContent = {
    version: 1,
    transaction: "t-1",
    release: "r-1",
    guards: { private: { server: "id-1" }, public: { server: "id-1" } },
    deleteFirst: [],
    createFirst: [],
    ...content,
  };
  return stashed("release-commit", whole, fields);
}

/** All records of a release that is live and proven. */
export function committed(
  transaction: string,
  release: string,
  {
    guards = { server: "id-1" },
    before = null,
    from = null,
  }: {
    readonly guards?: Guarded;
    readonly before?: string | null;
    readonly from?: string | null;
  } = {},
): ResourceRecord[] {
  const own = { transaction, release };
  return [
    journal({ ...own, before, from }, { id: `${transaction}-journal` }),
    gate("private", { ...own, guards }, { id: `${transaction}-private` }),
    gate("public", { ...own, guards }, { id: `${transaction}-public` }),
    commit(
      { ...own, guards: { private: guards, public: guards } },
      { id: `${transaction}-commit` },
    ),
  ];
}
