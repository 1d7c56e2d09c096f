import { spawn } from "node:child_process";
import { once } from "node:events";
import { hostname } from "node:os";
import { describe, expect, it } from "vitest";
import {
  describeLocks,
  isLocked,
  isStale,
  parseLocks,
  processIsAlive,
  type StackLock,
} from "../../../infra/cli/stack-lock.ts";

/** Printed by version 3.250.0 with a file backend. */
const said = [
  "code: 255",
  " stdout: ",
  " stderr: error: the stack is currently locked by 2 lock(s). Either wait for the other process(es) to end or delete the lock file with `pulumi cancel`.",
  "  file:///home/ann/.pulumi/locks/organization/mcp-fleet/staging/0d1c.json?no_tmp_dir=true: created by ann@build-7.example (pid 4711) at 2026-01-02T03:04:05Z",
  "  file:///home/ann/.pulumi/locks/organization/mcp-fleet/staging/9f00.json?no_tmp_dir=true: created by bob@laptop (pid 12) at 2026-01-02T03:04:06+01:00",
  "",
].join("\n");

const lock = (over: Partial<StackLock> = {}): StackLock => ({
  user: "ann",
  host: hostname(),
  pid: 4711,
  since: "2026-01-02T03:04:05Z",
  ...over,
});

describe("parseLocks", () => {
  it("reads every holder", () => {
    expect(parseLocks(said)).toEqual([
      { user: "ann", host: "build-7.example", pid: 4711, since: "2026-01-02T03:04:05Z" },
      { user: "bob", host: "laptop", pid: 12, since: "2026-01-02T03:04:06+01:00" },
    ]);
  });

  it("finds none in other messages", () => {
    expect(parseLocks("error: no stack named 'x' found")).toEqual([]);
  });
});

describe("isLocked", () => {
  it.each([
    [said, true],
    ["[409] Conflict: Another update is currently in progress.", true],
    ["error: incorrect passphrase", false],
    ["", false],
  ])("%#", (message, locked) => {
    expect(isLocked(message)).toBe(locked);
  });
});

describe("isStale", () => {
  it("is true when the process of this machine is gone", () => {
    expect(isStale(lock(), () => false)).toBe(true);
  });

  it("is false while it runs", () => {
    expect(isStale(lock(), () => true)).toBe(false);
  });

  it("never judges another machine", () => {
    expect(isStale(lock({ host: "elsewhere" }), () => false)).toBe(false);
  });
});

describe.runIf(process.platform === "linux")("processIsAlive", () => {
  it("knows that a process is gone", async () => {
    const child = spawn("true");
    await once(child, "exit");
    expect(processIsAlive(child.pid!)).toBe(false);
  });

  it("does not take another program with the same number for the engine", () => {
    expect(processIsAlive(process.pid)).toBe(false);
  });

  it("sees a running engine", async () => {
    const child = spawn("sh", ["-c", "printf pulumi > /proc/self/comm; echo up; read line"], {
      stdio: ["pipe", "pipe", "ignore"],
      // The shell is the process under this number: no further program is started.
    });
    await once(child.stdout, "data");
    expect(processIsAlive(child.pid!)).toBe(true);
    child.stdin.end();
    await once(child, "exit");
  });
});

describe("describeLocks", () => {
  it("says who and since when", () => {
    expect(describeLocks(parseLocks(said))).toBe(
      "locked by ann@build-7.example (process 4711), since 2026-01-02T03:04:05Z; " +
        "locked by bob@laptop (process 12), since 2026-01-02T03:04:06+01:00",
    );
  });

  it("has words for a backend that does not tell", () => {
    expect(describeLocks([])).toBe("locked by another run");
  });
});
