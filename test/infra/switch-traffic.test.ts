import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { rolloutSchema } from "../../components/health/health.schema.ts";
import type { Transport } from "../../components/platform/transport.ts";
import type { GateVerdict } from "../../infra/release/gate.ts";
import type { ReleaseEvent } from "../../infra/release/link.ts";
import { publicJudge } from "../../infra/switch-traffic.ts";
import { LocalTransport } from "../components/health/local-transport.ts";
import { contentWith, policy, targets } from "./health-policy.ts";
import { passes } from "./release/fake-host.ts";

const bad: GateVerdict = { pass: false, reasons: ["slow"], subjects: ["database"], probes: [] };

interface Copies {
  readonly endpoints: readonly string[];
  readonly elastic: readonly string[];
}

interface Scene {
  /** Verdicts, one after the other; the last one for ever. */
  readonly verdicts?: readonly GateVerdict[];
  readonly before?: Readonly<Record<string, string>>;
  /** Copies of server `memory`: of the release before, and of this one. */
  readonly copies?: readonly [Copies, Copies];
  readonly steps?: number[];
  readonly drainSeconds?: number;
  /** How long the release is watched. */
  readonly watchMs?: number;
  readonly sessions?: number;
  /** Commands of the gateway that fail. */
  readonly failing?: string;
  readonly filesFail?: boolean;
  /** Versions of the gateway's files before the switch and after it. */
  readonly files?: readonly [string | undefined, string];
  readonly noGateway?: boolean;
}

/** Runs the public gate of a release of two servers, and writes down everything that happens, in its order. */
async function played(scene: Scene) {
  const log: string[] = [];
  let looks = 0;
  const traffic = ["database", "memory"].map((server) => ({
    ...{ server, backend: `${server}-old`, status: "UP", backup: true, weight: 0, inFlight: 0 },
    ...{ lastRequestSeconds: 1, sessions: server === "memory" ? (scene.sessions ?? 0) : 0 },
  }));
  const local = new LocalTransport();
  const transport: Transport = Object.assign(local, {
    execAll: (target: { readonly workload: string }, [, ...command]: readonly string[]) => {
      expect(target.workload).toBe("gateway-1");
      const line = command.join(" ");
      if (line === "traffic") looks += 1;
      else log.push(line);
      const failed = command[0] === scene.failing;
      return Promise.resolve([
        { code: failed ? 1 : 0, output: failed ? "refused" : JSON.stringify(traffic) },
      ]);
    },
  });
  const verdicts = [...(scene.verdicts ?? [passes])];
  const own = targets({
    ...{ database: "database-new", memory: "memory-new" },
    ...(!scene.noGateway && { gateway: "gateway-1" }),
  });
  const [old, now] = scene.copies ?? [];
  const verdict = await publicJudge(
    {
      content: contentWith(
        policy({
          targets: { ...own, ...(now && { memory: { ...own["memory"]!, ...copied(now) } }) },
        }),
      ),
      transport,
      handover: {
        before: scene.before ?? { database: "database-old", memory: "memory-old" },
        ...(old && { endpoints: { memory: old.endpoints }, elastic: { memory: old.elastic } }),
      },
      rollout: {
        ...rolloutSchema.parse({ steps: scene.steps ?? [100] }),
        stepSeconds: 0,
        drainSeconds: scene.drainSeconds ?? 0,
      },
      tell: (event: ReleaseEvent) => {
        if (event.kind !== "phase") return;
        log.push([`[${event.phase}]`, event.detail?.replace(/\d+ ms/, "0 ms")].join(" ").trim());
      },
      filesBefore: scene.files?.[0],
      liveFiles: {
        currentVersion: () => Promise.resolve(scene.files?.[1]),
        returnToPrevious: ({ reader }) => {
          log.push(`files of ${reader}`);
          return scene.filesFail
            ? Promise.reject(new Error("no files"))
            : Promise.resolve({ moved: true, inForce: true, ms: 0 });
        },
      },
    },
    async () => {
      await delay(scene.watchMs ?? 0);
      const next = verdicts.length > 1 ? verdicts.shift()! : verdicts[0]!;
      log.push(next.pass ? "watched: good" : "watched: bad");
      return next;
    },
  );
  return { verdict, log, looks };
}

function copied({ endpoints, elastic }: Copies) {
  return { endpoints: [...endpoints], elastic: [...elastic] };
}

const wayBack = "back database database-new database-old memory memory-new memory-old";
const retired = ["retire database database-old", "retire memory memory-old"];

describe("a good release", () => {
  it("is watched, then the old servers finish and get nothing more, then it is committed", async () => {
    const { verdict, log } = await played({});
    expect(verdict).toEqual(passes);
    expect(log).toEqual(["watched: good", "[drain]", ...retired, "[commit]"]);
  });

  it("gets its share step by step, each watched", async () => {
    const { log } = await played({ steps: [10, 50, 100] });
    const share = (percent: number) => [
      `weights database database-new=${percent} database-old=${100 - percent}`,
      `weights memory memory-new=${percent} memory-old=${100 - percent}`,
      `[switch] ${percent} %`,
      "watched: good",
    ];
    expect(log).toEqual([...[10, 50, 100].flatMap(share), ...["[drain]", ...retired, "[commit]"]]);
  });

  it("takes nothing over where there was nothing, or the same", async () => {
    for (const before of [{}, { database: "database-new", memory: "memory-new" }]) {
      const { log } = await played({ before, steps: [10, 100] });
      expect(log).toEqual(["watched: good", "[commit]"]);
    }
  });

  it("takes over only what is another object", async () => {
    const { log } = await played({ before: { database: "database-old", memory: "memory-new" } });
    expect(log).toEqual(["watched: good", "[drain]", retired[0], "[commit]"]);
  });

  it("does not wait for sessions longer than it may", async () => {
    const { verdict, log } = await played({ sessions: 2 });
    expect(verdict.pass).toBe(true);
    expect(log).toEqual([
      ...["watched: good", "[drain]", "[drain] time over for sessions of memory"],
      ...[...retired, "[commit]"],
    ]);
  });
});

describe("the time that sessions have to end", () => {
  it("began with the switch: after a long watch nobody waits, after a shorter one somebody does", async () => {
    const unused = await played({ drainSeconds: 0.2 });
    const long = await played({ sessions: 2, drainSeconds: 0.2, watchMs: 250 });
    const short = await played({ sessions: 2, drainSeconds: 0.2 });
    expect(long.looks).toBe(unused.looks);
    expect(short.looks).toBeGreaterThan(unused.looks);
    for (const { log } of [long, short]) {
      expect(log).toContain("[drain] time over for sessions of memory");
    }
  });
});

describe("a bad release", () => {
  it("goes back in the running gateway first, then in its files; nothing is drained", async () => {
    const { verdict, log } = await played({ verdicts: [bad] });
    expect(verdict).toEqual(bad);
    expect(log).toEqual(["watched: bad", wayBack, "[back] in 0 ms", "files of gateway-1"]);
  });

  it("goes back from the first step that is bad, and takes no further one", async () => {
    const { verdict, log } = await played({ verdicts: [passes, bad], steps: [10, 50, 100] });
    expect(verdict).toEqual(bad);
    expect(log.filter((line) => line.startsWith("[switch]"))).toEqual([
      "[switch] 10 %",
      "[switch] 50 %",
    ]);
    expect(log.slice(-4)).toEqual([
      ...["watched: bad", wayBack, "[back] in 0 ms", "files of gateway-1"],
    ]);
  });

  it("has no way back where there was nothing", async () => {
    const { verdict, log } = await played({ verdicts: [bad], before: {} });
    expect(verdict).toEqual(bad);
    expect(log).toEqual(["watched: bad"]);
  });

  it.each<[string, Scene["files"], string[]]>([
    ["goes back if it has changed them", ["v-a", "v-b"], ["files of gateway-1", "[back] in 0 ms"]],
    ["leaves them if they are those from before", ["v-b", "v-b"], []],
    ["leaves them if there were none", [undefined, "v-a"], []],
  ])("that changed no server, but perhaps the gateway's files, %s", async (_, files, then) => {
    const before = { database: "database-new", memory: "memory-new" };
    const { verdict, log } = await played({ verdicts: [bad], before, files: files! });
    expect(verdict).toEqual(bad);
    expect(log).toEqual(["watched: bad", ...then]);
  });

  it("goes back by its files where the running gateway refuses", async () => {
    const { verdict, log } = await played({ verdicts: [bad], failing: "back" });
    expect(verdict).toEqual(bad);
    expect(log.slice(1)).toEqual([
      wayBack,
      expect.stringMatching(/^\[back\] gateway-ctl back .* failed: refused$/),
      "files of gateway-1",
    ]);
  });

  it("stays bad for its own reasons when its files do not go back", async () => {
    const { verdict, log } = await played({ verdicts: [bad], filesFail: true });
    expect(verdict).toEqual(bad);
    expect(log.at(-1)).toBe("[back] no files");
  });
});

describe("copies that come and go with the load", () => {
  const copies: Scene["copies"] = [
    { endpoints: ["old-0", "old-1"], elastic: ["old-2", "old-3"] },
    { endpoints: ["new-0", "new-1"], elastic: ["new-2", "new-3"] },
  ];
  const before = { memory: "memory-old" };

  it("get their share and lose it like the others", async () => {
    const { log } = await played({ before, copies, steps: [10, 100] });
    expect(log[0]).toBe(
      "weights memory new-0=10 new-1=10 new-2=10 new-3=10 old-0=90 old-1=90 old-2=90 old-3=90",
    );
  });

  it("are not what the way back counts on, and none of the new ones stays", async () => {
    const { log } = await played({ verdicts: [bad], before, copies });
    expect(log[1]).toBe(
      "back memory new-0 old-0 memory new-1 old-1 memory new-2 old-1 memory new-3 old-1",
    );
    expect(log[2]).toBe("[back] in 0 ms");
  });
});

it("needs a gateway", async () => {
  await expect(played({ noGateway: true })).rejects.toThrow("guards no gateway");
});
