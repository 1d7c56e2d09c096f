import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { describe, expect, it, onTestFinished } from "vitest";
import {
  describeHolder,
  Lease,
  LeaseHeldError,
  leaseHolder,
  owner,
  type LeaseHolder,
} from "../../../infra/release/lease.ts";
import { bundledSource } from "../../bundled-source.ts";
import { scratchFolder } from "./scratch.ts";

const file = () => join(scratchFolder(), "stack", "lease.json");
const program = bundledSource("test/infra/release/lease-holder.ts");

/** Writes a lease as another process would have left it. */
function heldBy(path: string, over: Partial<LeaseHolder> = {}): void {
  Lease.acquire(path, "update").release();
  const holder: LeaseHolder = {
    user: "ann",
    host: hostname(),
    pid: process.pid,
    since: "2026-01-02T03:04:05.000Z",
    what: "update",
    started: "",
    token: "0123456789abcdef",
    ...over,
  };
  writeFileSync(path, JSON.stringify(holder));
}

async function deadPid(): Promise<number> {
  const child = spawn("true");
  await once(child, "exit");
  return child.pid!;
}

/** A process that tries as soon as it is told to. */
async function contender() {
  const child = spawn(process.execPath, ["--input-type=module", "--eval", program], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const said = async () => String((await lines.next()).value);
  expect(await said()).toBe("ready");
  return {
    pid: child.pid!,
    go: (path: string) => void child.stdin.write(`${path}\n`),
    said,
    kill: async () => {
      child.kill("SIGKILL");
      await once(child, "exit");
    },
  };
}

describe("a lease", () => {
  it("belongs to one at a time", () => {
    const path = file();
    const lease = Lease.acquire(path, "update");
    expect(() => Lease.acquire(path, "update")).toThrow(LeaseHeldError);
    lease.release();
    expect(leaseHolder(path)).toBeUndefined();
    Lease.acquire(path, "update").release();
  });

  it("says who has it and what for", () => {
    const path = file();
    const lease = Lease.acquire(path, "update");
    expect(leaseHolder(path)).toMatchObject({ ...owner(), what: "update" });
    lease.now("rolling back");
    expect(leaseHolder(path)?.what).toBe("rolling back");
    const holder = leaseHolder(path)!;
    expect(() => Lease.acquire(path, "update")).toThrow(describeHolder(holder));
    expect(describeHolder(holder)).toContain(
      `${hostname()} (process ${process.pid}, rolling back)`,
    );
    lease.release();
  });

  it("leaves no file behind", () => {
    const path = file();
    heldBy(path, { started: "1" });
    const lease = Lease.acquire(path, "update");
    lease.now("rolling back");
    expect(() => Lease.acquire(path, "update")).toThrow();
    lease.release();
    expect(readdirSync(join(path, ".."))).toEqual([]);
  });

  it("is readable by its user alone", async () => {
    const { stat } = await import("node:fs/promises");
    const path = file();
    const lease = Lease.acquire(path, "update");
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect((await stat(join(path, ".."))).mode & 0o777).toBe(0o700);
    lease.release();
  });

  it("tells of a file that is no lease, and does not take it away", () => {
    const path = file();
    heldBy(path);
    writeFileSync(path, "{");
    expect(() => Lease.acquire(path, "update")).toThrow(`lease ${path} cannot be read`);
    expect(readFileSync(path, "utf8")).toBe("{");
  });
});

describe("who may take it over", () => {
  it.each([
    ["a process that runs", {}, false],
    ["a number that another process has by now", { started: "1" }, true],
    ["another machine", { host: "elsewhere", started: "1" }, false],
  ] as const)("%s", (_, over, free) => {
    const path = file();
    heldBy(path, over);
    expect(leaseHolder(path) === undefined).toBe(free);
    if (free) Lease.acquire(path, "update").release();
    else expect(() => Lease.acquire(path, "update")).toThrow(LeaseHeldError);
  });

  it("a process that is gone", async () => {
    const path = file();
    heldBy(path, { pid: await deadPid() });
    expect(leaseHolder(path)).toBeUndefined();
    const lease = Lease.acquire(path, "update");
    expect(leaseHolder(path)?.pid).toBe(process.pid);
    lease.release();
  });

  it("another machine's only by force, a living one's of this machine never", () => {
    const path = file();
    heldBy(path, { host: "elsewhere" });
    const lease = Lease.acquire(path, "update", { force: true });
    expect(() => Lease.acquire(path, "update", { force: true })).toThrow(LeaseHeldError);
    lease.release();
  });

  it("one who lost it by force neither changes nor releases the new one", () => {
    const path = file();
    const lost = Lease.acquire(path, "update");
    heldByOverwriting(path);
    lost.now("rolling back");
    lost.release();
    expect(leaseHolder(path)).toMatchObject({ host: "elsewhere", what: "update" });
  });

  it("who claimed a dead holder's and died over it is in nobody's way", async () => {
    const path = file();
    const pid = await deadPid();
    heldBy(path, { pid, token: "aaaa" });
    const claim = { ...owner(), pid, since: "", what: "update", started: "", token: "bbbb" };
    writeFileSync(`${path}.aaaa.claim`, JSON.stringify(claim));
    const lease = Lease.acquire(path, "update");
    lease.release();
    expect(readdirSync(join(path, ".."))).toEqual([]);
  });

  it("a claim that is under way is waited for", () => {
    const path = file();
    heldBy(path, { started: "1", token: "aaaa" });
    const claim = { ...owner(), since: "", what: "update", started: "", token: "bbbb" };
    writeFileSync(`${path}.aaaa.claim`, JSON.stringify(claim));
    expect(() => Lease.acquire(path, "update")).toThrow(LeaseHeldError);
    expect(JSON.parse(readFileSync(path, "utf8"))).toMatchObject({ token: "aaaa" });
  });
});

function heldByOverwriting(path: string): void {
  const holder = JSON.parse(readFileSync(path, "utf8")) as LeaseHolder;
  writeFileSync(path, JSON.stringify({ ...holder, host: "elsewhere", token: "other" }));
}

describe("ten processes at once", () => {
  it("have one winner each time, whether nobody was there before or one who is gone", async () => {
    const folder = scratchFolder();
    const all = await Promise.all(Array.from({ length: 10 }, contender));
    const gone = await deadPid();
    for (let round = 0; round < 30; round += 1) {
      const path = join(folder, String(round), "lease.json");
      if (round % 3 !== 0) heldBy(path, { pid: gone });
      for (const one of all) one.go(path);
      const said = await Promise.all(all.map((one) => one.said()));
      expect([...said].sort(), `round ${round}`).toEqual([...Array<string>(9).fill("held"), "won"]);
      expect(leaseHolder(path)?.pid).toBe(all[said.indexOf("won")]!.pid);
      expect(readdirSync(join(path, ".."))).toEqual(["lease.json"]);
    }
  }, 120_000);

  it("leave the lease to the next one when the winner is killed", async () => {
    const path = file();
    const winner = await contender();
    winner.go(path);
    expect(await winner.said()).toBe("won");
    expect(() => Lease.acquire(path, "update")).toThrow(LeaseHeldError);
    await winner.kill();
    expect(leaseHolder(path)).toBeUndefined();
    Lease.acquire(path, "update").release();
  }, 60_000);
});
