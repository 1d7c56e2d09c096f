import { join } from "node:path";
import type { Deployment, StackExport } from "../../../infra/release/deployment.ts";
import type { OperationCounts, ReleaseEngine } from "../../../infra/release/engine-run.ts";
import type { GateVerdict } from "../../../infra/release/gate.ts";
import { History } from "../../../infra/release/history.ts";
import type { ReleaseEvent } from "../../../infra/release/link.ts";
import type { TransactionHost, UpdateEnd } from "../../../infra/release/run-transaction.ts";
import { scratchFolder } from "./scratch.ts";

const none: OperationCounts = { created: 0, updated: 0, deleted: 0, same: 0 };

/** Keeps one state in memory. A replay runs nothing; it leaves the state that `replayed` says. */
class FakeEngine implements ReleaseEngine {
  state: StackExport;
  readonly imported: StackExport[] = [];
  readonly refreshed: boolean[] = [];
  /** What a replay leaves; may throw. */
  replayed: () => Deployment | null = () => null;

  constructor(deployment: Deployment | null) {
    this.state = { version: 3, deployment };
  }

  exportDeployment(): Promise<StackExport> {
    return Promise.resolve(this.state);
  }

  importDeployment(state: StackExport): Promise<void> {
    this.state = state;
    this.imported.push(state);
    return Promise.resolve();
  }

  async up(
    _program: unknown,
    { refresh }: { readonly refresh: boolean },
  ): Promise<OperationCounts> {
    this.refreshed.push(refresh);
    this.state = { ...this.state, deployment: await Promise.resolve(this.replayed()) };
    return none;
  }
}

export const passes: GateVerdict = { pass: true, reasons: [], subjects: [], probes: [] };

export interface FakeHost extends TransactionHost {
  readonly engine: FakeEngine;
  readonly notes: string[];
  readonly events: ReleaseEvent[];
  /** Gates that were asked after a rollback. */
  readonly proved: string[];
}

/** A world around a transaction where everything succeeds. */
export function fakeHost(before: Deployment | null, over: Partial<TransactionHost> = {}): FakeHost {
  const engine = new FakeEngine(before);
  engine.replayed = () => before;
  const notes: string[] = [];
  const events: ReleaseEvent[] = [];
  const proved: string[] = [];
  return {
    stack: "staging",
    engine,
    exportEncrypted: () => Promise.resolve({ version: 3, deployment: { metadata: "encrypted" } }),
    history: new History(join(scratchFolder(), "history")),
    who: { user: "ann", host: "build-7", pid: 4711 },
    commit: null,
    prove: (gate) => {
      proved.push(gate);
      return Promise.resolve(passes);
    },
    logicalTypes: /^logical:/,
    collectEvidence: () => Promise.resolve([]),
    stopFailing: () => Promise.resolve(),
    removeStray: () => Promise.resolve(),
    note: (text) => void notes.push(text),
    onEvent: (event) => void events.push(event),
    ...over,
    ...{ notes, events, proved },
  } as FakeHost;
}

export function updateEnd(over: Partial<UpdateEnd> = {}): UpdateEnd {
  return {
    ok: true,
    problems: [],
    interrupted: false,
    changes: { create: 1 },
    steps: ["create x:index:Thing b"],
    ...over,
  };
}
