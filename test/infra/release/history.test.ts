import {
  appendFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { History, type HistoryEntry, type NewEntry } from "../../../infra/release/history.ts";
import { sha256 } from "../../../infra/release/records.ts";
import { scratchFolder } from "./scratch.ts";

function entry(over: Partial<NewEntry> = {}): NewEntry {
  return {
    stack: "staging",
    operation: "deploy",
    outcome: "live",
    release: "r-1",
    from: null,
    transaction: "t-1",
    who: { user: "ann", host: "build-7", pid: 4711 },
    commit: null,
    changes: { create: 12 },
    steps: ["create x:index:Thing a"],
    gates: [{ gate: "private", pass: true, reasons: [], probes: [] }],
    reasons: [],
    timings: { total: 1200 },
    ...over,
  };
}

function live(history: History, release: string): HistoryEntry {
  return history.append(entry({ release }), { deployment: release });
}

const log = (history: History) => join(history.directory, "history.jsonl");
const lines = (history: History) => readFileSync(log(history), "utf8").trimEnd().split("\n");
const write = (history: History, all: readonly string[]) =>
  writeFileSync(log(history), `${all.join("\n")}\n`);
const kept = (history: History) => readdirSync(join(history.directory, "releases")).sort();

/** Three releases. */
function filled(): History {
  const history = new History(join(scratchFolder(), "history"));
  for (const release of ["r-1", "r-2", "r-3"]) live(history, release);
  return history;
}

describe("a history", () => {
  it("is empty where there is none, and whole", () => {
    const history = new History(join(scratchFolder(), "none"));
    expect(history.entries()).toEqual([]);
    expect(history.head()).toBeNull();
    expect(history.healthy()).toEqual([]);
    expect(history.verify(null)).toEqual([]);
    expect(existsSync(history.directory)).toBe(false);
  });

  it("chains its entries by their hashes", () => {
    const history = filled();
    const [first, second, third] = history.entries() as [HistoryEntry, HistoryEntry, HistoryEntry];
    expect([first, second, third].map(({ seq }) => seq)).toEqual([1, 2, 3]);
    expect(first.previous).toBeNull();
    expect(second.previous).toBe(first.hash);
    expect(third.previous).toBe(second.hash);
    expect(history.head()).toBe(third.hash);
    const { hash, ...body } = second;
    expect(sha256(body)).toBe(hash);
    expect(history.verify(third.hash)).toEqual([]);
    expect(history.verify(first.hash)).toEqual([]);
    expect(history.verify(null)).toEqual([]);
  });

  it("is readable by its user alone", () => {
    const history = filled();
    expect(statSync(history.directory).mode & 0o777).toBe(0o700);
    for (const path of ["history.jsonl", join("releases", kept(history)[0]!)]) {
      expect(statSync(join(history.directory, path)).mode & 0o777, path).toBe(0o600);
    }
  });

  it("gives back the deployment that an entry kept, unless it was edited or is none", () => {
    const history = filled();
    const [first, second] = history.entries() as [HistoryEntry, HistoryEntry];
    expect(history.deploymentOf(first)).toEqual({ deployment: "r-1" });
    writeFileSync(join(history.directory, second.deployment!.file), '{"deployment":"r-9"}');
    expect(() => history.deploymentOf(second)).toThrow("was edited");
    const failed = history.append(entry({ outcome: "rolled-back", release: "r-4" }));
    expect(() => history.deploymentOf(failed)).toThrow("r-4: its deployment was not kept");
  });
});

describe("verify", () => {
  const changed = (line: string) => line.replace('"user":"ann"', '"user":"eve"');
  /** An entry that was changed together with its own hash. */
  const forged = (line: string) => {
    const { hash: _hash, ...body } = JSON.parse(changed(line)) as HistoryEntry;
    return JSON.stringify({ ...body, hash: sha256(body) });
  };

  it.each<[string, (all: string[]) => string[], string[]]>([
    ["a changed entry", ([a, b, c]) => [a!, changed(b!), c!], ["entry 2: its content was changed"]],
    [
      "a changed last entry",
      ([a, b, c]) => [a!, b!, changed(c!)],
      ["entry 3: its content was changed"],
    ],
    [
      "a changed entry with a new hash",
      ([a, b, c]) => [a!, forged(b!), c!],
      ["entry 3: does not follow the entry before it"],
    ],
    [
      "a removed first entry",
      ([, b, c]) => [b!, c!],
      [
        "entry 2: number 1 was expected; an entry is missing",
        "entry 2: does not follow the entry before it",
      ],
    ],
    [
      "a removed entry",
      ([a, , c]) => [a!, c!],
      [
        "entry 3: number 2 was expected; an entry is missing",
        "entry 3: does not follow the entry before it",
      ],
    ],
    [
      "an entry that is there twice",
      ([a, b, c]) => [a!, b!, b!, c!],
      [
        "entry 2: number 3 was expected; an entry is missing",
        "entry 2: does not follow the entry before it",
      ],
    ],
    [
      "a line that is no entry",
      ([a, b, c]) => [a!, b!.slice(0, 40), c!],
      ["line 2: not JSON; it was cut or edited"],
    ],
  ])("finds %s", (_, edit, problems) => {
    const history = filled();
    write(history, edit(lines(history)));
    expect(history.verify(null)).toEqual(expect.arrayContaining(problems));
  });

  it("finds any other order", () => {
    fc.assert(
      fc.property(fc.shuffledSubarray([0, 1, 2], { minLength: 3 }), (order) => {
        const history = filled();
        const all = lines(history);
        write(
          history,
          order.map((at) => all[at]!),
        );
        const untouched = order.every((from, at) => from === at);
        expect(history.verify(null).length === 0).toBe(untouched);
      }),
      { numRuns: 12 },
    );
  });

  it("finds a changed character, wherever it is", () => {
    const history = filled();
    const text = readFileSync(log(history), "utf8");
    fc.assert(
      fc.property(fc.nat(text.length - 2), fc.constantFrom("0", "z", "{", '"'), (at, character) => {
        fc.pre(text[at] !== character && text[at] !== "\n");
        writeFileSync(log(history), text.slice(0, at) + character + text.slice(at + 1));
        expect(history.verify(null)).not.toEqual([]);
      }),
      { numRuns: 300 },
    );
  });

  it("finds a tail that was cut off, if the state knows of it", () => {
    const history = filled();
    const head = history.head();
    write(history, lines(history).slice(0, 2));
    expect(history.verify(null)).toEqual([]);
    expect(history.verify(head)).toEqual([
      "the stack's state knows an entry that is not there: the end was cut off",
    ]);
    writeFileSync(log(history), "");
    expect(history.verify(head)).toHaveLength(1);
  });

  it("finds an edited deployment, and misses none that was pruned", () => {
    const history = filled();
    const [first] = history.entries();
    const file = join(history.directory, first!.deployment!.file);
    appendFileSync(file, " ");
    expect(history.verify(null)).toEqual([`entry 1: ${first!.deployment!.file} was changed`]);
  });
});

describe("what is kept", () => {
  it("is the ten newest healthy releases", () => {
    const history = new History(scratchFolder());
    for (let count = 1; count <= 13; count += 1) live(history, `r-${count}`);
    expect(history.healthy().map(({ release }) => release)).toEqual(
      Array.from({ length: 10 }, (_, index) => `r-${13 - index}`),
    );
    expect(kept(history)).toHaveLength(10);
    expect(history.entries()).toHaveLength(13);
    expect(history.verify(history.head())).toEqual([]);
  });

  it("is not pushed out by failed ones", () => {
    const history = filled();
    const before = kept(history);
    for (let count = 0; count < 30; count += 1)
      history.append(entry({ outcome: "rolled-back", release: `bad-${count}` }));
    expect(kept(history)).toEqual(before);
    expect(history.healthy().map(({ release }) => release)).toEqual(["r-3", "r-2", "r-1"]);
  });

  it("is one deployment of each release, its newest", () => {
    const history = new History(scratchFolder());
    for (const release of ["r-1", "r-2", "r-1", "r-2", "r-1"]) live(history, release);
    expect(history.healthy().map(({ seq }) => seq)).toEqual([5, 4]);
    expect(kept(history)).toEqual(["00004-r-2.json", "00005-r-1.json"]);
  });

  it("does not include what a process left that was killed before its entry", () => {
    const history = filled();
    writeFileSync(join(history.directory, "releases", "00004-r-9.json"), "{}");
    live(history, "r-4");
    expect(kept(history)).toEqual(
      ["1", "2", "3", "4"].map((number) => `0000${number}-r-${number}.json`),
    );
  });
});

describe("a process that was killed while it wrote", () => {
  it("costs no more than the entry it wrote, wherever it was cut", () => {
    const whole = filled();
    const head = whole.entries()[1]!.hash;
    const all = lines(whole);
    const text = `${all[0]!}\n${all[1]!}\n`;
    fc.assert(
      fc.property(fc.integer({ min: 1, max: all[2]!.length - 1 }), (at) => {
        const torn = all[2]!.slice(0, at);
        const history = new History(scratchFolder());
        writeFileSync(log(history), text + torn);
        expect(history.entries().map(({ seq }) => seq)).toEqual([1, 2]);
        expect(readFileSync(log(history), "utf8"), "reading changes nothing").toBe(text + torn);
        expect(history.append(entry({ release: "r-4" }))).toMatchObject({ seq: 3, previous: head });
        expect(history.verify(head)).toEqual([]);
        expect(readFileSync(`${log(history)}.torn`, "utf8")).toBe(`${torn}\n`);
      }),
      { numRuns: 60 },
    );
  });

  it("loses nothing if only the line break was missing", () => {
    const history = filled();
    const head = history.head();
    writeFileSync(log(history), lines(history).join("\n"));
    expect(history.entries()).toHaveLength(3);
    expect(history.verify(head)).toEqual([]);
    expect(history.append(entry())).toMatchObject({ seq: 4, previous: head });
    expect(history.verify(head)).toEqual([]);
    expect(existsSync(`${log(history)}.torn`)).toBe(false);
  });

  it("may be killed again and again", () => {
    const history = filled();
    for (let count = 0; count < 3; count += 1) {
      appendFileSync(log(history), `{"seq":${count}`);
      history.append(entry());
    }
    expect(history.entries().map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(readFileSync(`${log(history)}.torn`, "utf8")).toBe('{"seq":0\n{"seq":1\n{"seq":2\n');
    expect(history.verify(history.head())).toEqual([]);
  });

  it("is told from an edit: a broken line in the middle stays where it is", () => {
    const history = filled();
    const [a, , c] = lines(history) as [string, string, string];
    write(history, [a, "{", c]);
    history.append(entry());
    expect(lines(history).slice(0, 3)).toEqual([a, "{", c]);
    expect(history.entries().map(({ seq }) => seq)).toEqual([1, 3, 4]);
    expect(history.verify(null)).toContain("line 2: not JSON; it was cut or edited");
  });
});
