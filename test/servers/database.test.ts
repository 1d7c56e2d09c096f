import { describe, expect, it, vi } from "vitest";
import { DatabaseProbe } from "../../servers/database-probe.ts";
import { isConnectionFailure } from "../../servers/database.ts";

describe("isConnectionFailure", () => {
  it.each([
    [{ code: "ECONNREFUSED" }, true],
    [{ code: "57P01" }, true],
    [{ code: "08006" }, true],
    [{ code: "53300" }, true],
    [{ code: "28P01" }, true],
    [{ message: "Connection terminated unexpectedly" }, true],
    [{ message: "timeout exceeded when trying to connect" }, true],
    [{ code: "23505", message: "duplicate key value" }, false],
    [{ code: "42P01", message: "relation does not exist" }, false],
    [{ code: "57014", message: "canceling statement due to statement timeout" }, false],
  ])("%j -> %s", (fields, expected) => {
    expect(isConnectionFailure(Object.assign(new Error("x"), fields))).toBe(expected);
  });

  it("is false for what is no error", () => {
    expect(isConnectionFailure("ECONNREFUSED")).toBe(false);
  });
});

describe("DatabaseProbe", () => {
  it("turns with the database, and says so once per turn", async () => {
    let up = true;
    const turns: boolean[] = [];
    const probe = new DatabaseProbe(
      () => (up ? Promise.resolve() : Promise.reject(new Error("gone"))),
      {
        onChange: (healthy) => turns.push(healthy),
      },
    );
    expect(probe.state.healthy).toBe(false);
    await probe.probe();
    await probe.probe();
    up = false;
    await probe.probe();
    await probe.probe();
    probe.stop();
    expect(probe.state.healthy).toBe(false);
    expect(turns).toEqual([true, false]);
  });

  it("takes silence for an outage only when it repeats", async () => {
    const silent = new Promise<void>(() => undefined);
    const answers = [silent, Promise.resolve(), silent, silent];
    const probe = new DatabaseProbe(() => answers.shift() ?? silent, { timeoutMs: 20 });
    await probe.probe();
    expect(probe.state.healthy).toBe(true);
    await probe.probe();
    probe.stop();
    expect(probe.state.healthy).toBe(false);
  });

  it("asks one question at a time, and goes on asking", async () => {
    const ask = vi.fn(() => new Promise<void>((resolve) => setTimeout(resolve, 5)));
    const probe = new DatabaseProbe(ask, { intervalMs: 5 });
    await Promise.all([probe.probe(), probe.probe()]);
    expect(ask).toHaveBeenCalledTimes(1);
    await vi.waitFor(() => expect(ask.mock.calls.length).toBeGreaterThan(2));
    probe.stop();
  });
});
