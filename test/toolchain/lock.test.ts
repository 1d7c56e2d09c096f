import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { withLock } from "../../toolchain/lock.ts";
import { fakeMachine } from "./fake-machine.ts";

describe("withLock", () => {
  it("lets one in at a time and frees the lock when the work throws", async () => {
    const { dir } = await fakeMachine();
    const file = join(dir, "lock");
    const events: string[] = [];
    const work = (name: string, fails: boolean) => async () => {
      events.push(`${name} in`);
      await sleep(50);
      events.push(`${name} out`);
      if (fails) throw new Error(name);
    };
    const runs = await Promise.allSettled([
      withLock(file, { waitMs: 10_000 }, work("a", true)),
      withLock(file, { waitMs: 10_000 }, work("b", true)),
      withLock(file, { waitMs: 10_000 }, work("c", false)),
    ]);
    expect(runs.filter(({ status }) => status === "rejected")).toHaveLength(2);
    expect(events).toHaveLength(6);
    for (let i = 0; i < 6; i += 2) {
      expect(events[i + 1]).toBe(events[i]?.replace(" in", " out"));
    }
  });

  it("gives up with a message that names the file", async () => {
    const { dir } = await fakeMachine();
    const file = join(dir, "lock");
    await withLock(file, { waitMs: 10_000 }, async () => {
      await expect(withLock(file, { waitMs: 100 }, () => Promise.resolve())).rejects.toThrow(
        `lock: ${file} is held by another process`,
      );
    });
  });

  it("falls with its process, however that ends", async () => {
    const { dir } = await fakeMachine();
    const file = join(dir, "lock");
    const holder = spawn("flock", ["--exclusive", file, "sleep", "60"], { detached: true });
    await sleep(100);
    const waiting = withLock(file, { waitMs: 10_000 }, () => Promise.resolve("mine"));
    process.kill(-(holder.pid ?? 0), "SIGKILL");
    await once(holder, "exit");
    expect(await waiting).toBe("mine");
  });

  it("works unlocked where there is no flock", async () => {
    const { dir } = await fakeMachine();
    const env = { PATH: join(dir, "empty") };
    expect(
      await withLock(join(dir, "lock"), { waitMs: 1_000, env }, () => Promise.resolve(1)),
    ).toBe(1);
  });
});
