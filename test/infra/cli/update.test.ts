import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { UserError } from "../../../infra/cli/exit-codes.ts";
import { Progress } from "../../../infra/cli/progress.ts";
import { reported, until } from "../../../infra/cli/update.ts";

describe("until", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  const poll = (values: readonly number[], seconds: number) => {
    const notes: string[] = [];
    let asked = 0;
    const result = until(
      seconds,
      () => Promise.resolve(values[Math.min(asked++, values.length - 1)]!),
      (value) => value === 0,
      { note: (text) => notes.push(text), waitingFor: (value) => `waiting for ${value}` },
    );
    return { result, notes, asked: () => asked };
  };

  it("asks once when all is well, and says nothing", async () => {
    const { result, notes, asked } = poll([0], 10);
    expect(await result).toBe(0);
    expect(asked()).toBe(1);
    expect(notes).toEqual([]);
  });

  it("asks every second and repeats no note", async () => {
    const { result, notes, asked } = poll([2, 2, 1, 0], 10);
    await vi.advanceTimersByTimeAsync(3000);
    expect(await result).toBe(0);
    expect(asked()).toBe(4);
    expect(notes).toEqual(["waiting for 2", "waiting for 1"]);
  });

  it("gives the last value when the time is over", async () => {
    const { result, asked } = poll([7], 5);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(await result).toBe(7);
    expect(asked()).toBe(7);
  });
});

describe("reported", () => {
  const failing = (error: Error) => () => Promise.reject(error);
  const problem = (message: string) =>
    ({ sequence: 1, timestamp: 1, diagnosticEvent: { severity: "error", message } }) as never;

  it("puts what the engine said in place of what the command printed, without repeating it", async () => {
    const progress = new Progress(() => undefined, "run");
    progress.onEvent(problem("port 3001 is taken"));
    progress.onEvent(problem("port 3001 is taken"));
    const error = await reported("update", progress, failing(new Error("code: 255"))).catch(
      (caught: unknown) => caught,
    );
    expect(error).toBeInstanceOf(UserError);
    expect((error as Error).message).toBe("update failed:\nport 3001 is taken");
  });

  it("says what to do about a network that the engine cannot remove", async () => {
    const progress = new Progress(() => undefined, "run");
    const said =
      "Unable to remove network: Error response from daemon: error while removing network: network fleet-mcp-ae2 id 575e37 has active endpoints";
    progress.onEvent(problem(said));
    const error = await reported("destroy", progress, failing(new Error("code: 255"))).catch(
      (caught: unknown) => caught,
    );
    const [first, second, third] = (error as Error).message.split("\n");
    expect([first, second]).toEqual(["destroy failed:", said]);
    expect(third).toMatch(/^ {2}`docker network inspect fleet-mcp-ae2` shows .* restart it, then/);
  });

  it("leaves an error of a run that did not begin to its reader", async () => {
    const progress = new Progress(() => undefined, "run");
    const original = new Error("code: 255");
    await expect(reported("update", progress, failing(original))).rejects.toBe(original);
  });

  it("says that it was interrupted, and lets go of the signals either way", async () => {
    let disposed = 0;
    const interrupt = {
      signal: new AbortController().signal,
      onEvent: () => undefined,
      interrupted: () => true,
      dispose: () => void disposed++,
    };
    const progress = new Progress(() => undefined, "run");
    await expect(
      reported("update", progress, failing(new Error("canceled")), interrupt),
    ).rejects.toThrow("update interrupted; what was done is recorded, the next ./fleet up goes on");
    expect(await reported("update", progress, () => Promise.resolve(1), interrupt)).toBe(1);
    expect(disposed).toBe(2);
  });
});
