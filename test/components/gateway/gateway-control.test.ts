import { describe, expect, it } from "vitest";
import {
  fallBack,
  readTraffic,
  retire,
  setWeights,
  untilIdle,
  type BackendTraffic,
} from "../../../components/gateway/gateway-control.ts";

function backend(over: Partial<BackendTraffic> = {}): BackendTraffic {
  return {
    ...{ server: "database", backend: "database-old", status: "UP", backup: true, weight: 0 },
    ...{ inFlight: 0, lastRequestSeconds: null, sessions: 0, ...over },
  };
}

/** A gateway that shows one look after the other, the last one for ever. */
function gateway(...looks: readonly (readonly BackendTraffic[])[]) {
  const asked: string[] = [];
  let look = 0;
  const run = (command: readonly string[]) => {
    asked.push(command.join(" "));
    const traffic = looks[Math.min(look, looks.length - 1)] ?? [];
    if (command[1] === "traffic") look += 1;
    return Promise.resolve([{ code: 0, output: JSON.stringify(traffic) }]);
  };
  return { run, asked };
}

const old = [{ server: "database", backend: "database-old" }];

describe("weights", () => {
  it("go to one server in one step", async () => {
    const { run, asked } = gateway();
    await setWeights(run, "database", { "database-new": 25, "database-old": 75 });
    expect(asked).toEqual(["gateway-ctl weights database database-new=25 database-old=75"]);
  });

  it("are not asked for where there are none", async () => {
    const { run, asked } = gateway();
    await setWeights(run, "database", {});
    await fallBack(run, []);
    expect(asked).toEqual([]);
  });

  it("go back for all servers in one step", async () => {
    const { run, asked } = gateway();
    await fallBack(run, [
      { server: "a", from: "a-new", to: "a-old" },
      { server: "b", from: "b-new", to: "b-old" },
    ]);
    expect(asked).toEqual(["gateway-ctl back a a-new a-old b b-new b-old"]);
  });
});

it("throws with the gateway's own words", async () => {
  const refusing = () => Promise.resolve([{ code: 1, output: "no backend x\n" }]);
  await expect(setWeights(refusing, "a", { x: 1 })).rejects.toThrow(
    "gateway-ctl weights a x=1 failed: no backend x",
  );
  await expect(readTraffic(refusing)).rejects.toThrow("gateway-ctl traffic failed: no backend x");
});

describe("several gateways", () => {
  const both = (...codes: readonly number[]) => {
    const traffic = (at: number) => JSON.stringify([backend({ inFlight: at })]);
    return () =>
      Promise.resolve(
        codes.map((code, at) => ({ code, output: code === 0 ? traffic(at) : "no backend x" })),
      );
  };

  it("are asked together: a backend is idle when it is in all of them", async () => {
    expect((await readTraffic(both(0, 0))).map(({ inFlight }) => inFlight)).toEqual([0, 1]);
    expect(await untilIdle(both(0, 0), old, { limitMs: 0 })).toEqual([backend({ inFlight: 1 })]);
  });

  it("have failed if one of them has", async () => {
    await expect(setWeights(both(0, 1, 1), "a", { x: 1 })).rejects.toThrow(
      "gateway-ctl weights a x=1 failed in 2 of 3 gateways: no backend x",
    );
  });
});

it("does not take another output for traffic", async () => {
  const other = () => Promise.resolve([{ code: 0, output: '[{"server":"a"}]' }]);
  await expect(readTraffic(other)).rejects.toThrow("backend");
});

describe("untilIdle", () => {
  it.each([
    ["idle at once", [[backend()]], 1],
    ["calls under way", [[backend({ inFlight: 2 })], [backend({ inFlight: 1 })], [backend()]], 3],
    ["open sessions", [[backend({ sessions: 1 })], [backend()]], 2],
    ["sessions that nobody counts", [[backend({ sessions: null })]], 1],
    ["a backend that is gone", [[]], 1],
    ["others that are busy", [[backend({ backend: "database-new", inFlight: 9 })]], 1],
    ["the same name at another server", [[backend({ server: "memory", inFlight: 9 })]], 1],
  ] as const)("%s", async (_, looks, count) => {
    const { run, asked } = gateway(...looks);
    expect(await untilIdle(run, old, { limitMs: 10_000, everyMs: 1 })).toEqual([]);
    expect(asked).toEqual(Array(count).fill("gateway-ctl traffic"));
  });

  it("ends at its limit and says who is still busy", async () => {
    const busy = backend({ sessions: 3 });
    const { run } = gateway([busy, backend({ backend: "database-new", inFlight: 1 })]);
    expect(await untilIdle(run, old, { limitMs: 20, everyMs: 5 })).toEqual([busy]);
    expect(await untilIdle(run, old, { limitMs: 0 })).toEqual([busy]);
  });

  it.each([
    [29, true],
    [30, false],
    [null, false],
  ])("a session last used %j s ago, where those of 30 s do not count: %j", async (last, waits) => {
    const busy = backend({ sessions: 1, lastRequestSeconds: last });
    const { run } = gateway([busy]);
    const left = await untilIdle(run, old, { limitMs: 0, unusedSeconds: 30 });
    expect(left).toEqual(waits ? [busy] : []);
  });

  it("waits for calls alone if sessions do not matter", async () => {
    const { run, asked } = gateway(
      [backend({ sessions: 3, inFlight: 1 })],
      [backend({ sessions: 3 })],
    );
    expect(await untilIdle(run, old, { limitMs: 10_000, everyMs: 1, sessions: false })).toEqual([]);
    expect(asked).toHaveLength(2);
  });
});

describe("retire", () => {
  it("names the backends of each server once, and leaves out what the gateway does not know", async () => {
    const { run, asked } = gateway([
      backend(),
      backend({ backend: "database-older" }),
      backend({ server: "memory", backend: "memory-old" }),
      backend({ server: "memory", backend: "memory-gone", status: "GONE" }),
    ]);
    await retire(run, [
      ...old,
      { server: "memory", backend: "memory-old" },
      { server: "database", backend: "database-older" },
      { server: "memory", backend: "memory-gone" },
      { server: "never", backend: "never-old" },
    ]);
    expect(asked).toEqual([
      "gateway-ctl traffic",
      "gateway-ctl retire database database-old database-older",
      "gateway-ctl retire memory memory-old",
    ]);
  });
});
