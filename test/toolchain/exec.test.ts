import { existsSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { ask, exec, execStream } from "../../toolchain/exec.ts";
import { fakeMachine, script } from "./fake-machine.ts";

describe("exec", () => {
  it("returns what was printed", async () => {
    const result = await exec("/bin/echo", ["a b", "$HOME"], { timeoutMs: 5_000 });
    expect(result.stdout).toBe("a b $HOME\n");
  });

  it("shows the exit code and the last lines of a failure", async () => {
    const { env, bin } = await fakeMachine();
    await script(join(bin, "bad"), "for i in {1..40}; do echo line-$i >&2; done; exit 3");
    const failure = exec("bad", ["--x"], { timeoutMs: 5_000, env });
    await expect(failure).rejects.toThrow(/^bad --x failed \(exit 3\)[^]*line-40$/);
    await expect(failure).rejects.not.toThrow(/line-2\b/);
  });

  it("names a program that is not there", async () => {
    const { env } = await fakeMachine();
    await expect(exec("absent-tool", [], { timeoutMs: 5_000, env })).rejects.toThrow(
      "absent-tool: not found on PATH",
    );
    expect(await ask("absent-tool", [], { timeoutMs: 5_000, env })).toBeUndefined();
  });

  it("stops the whole group at the time limit, not the direct child alone", async () => {
    const { env, bin, dir } = await fakeMachine();
    const late = join(dir, "late");
    await script(join(bin, "slow"), `(sleep 2; touch ${late}) & echo begun; wait`);
    const began = Date.now();
    await expect(exec("slow", [], { timeoutMs: 300, env })).rejects.toThrow(
      /had no result after 0\.\d s and was stopped\n {4}begun/,
    );
    expect(Date.now() - began).toBeLessThan(1_900);
    await sleep(2_300 - (Date.now() - began));
    expect(existsSync(late)).toBe(false);
  });

  it("leaves no signal handler behind", async () => {
    const before = process.listenerCount("SIGINT");
    await exec("/bin/true", [], { timeoutMs: 5_000 });
    expect(process.listenerCount("SIGINT")).toBe(before);
  });

  it("streams bytes and tells of a late failure", async () => {
    const { env, bin } = await fakeMachine();
    await script(join(bin, "half"), "echo -n abc; echo why >&2; exit 1");
    const { stdout, done } = execStream("half", [], { timeoutMs: 5_000, env });
    const verdict = expect(done).rejects.toThrow(/exit 1[^]*why/);
    expect(Buffer.concat((await stdout.toArray()) as Buffer[]).toString()).toBe("abc");
    await verdict;
  });
});
