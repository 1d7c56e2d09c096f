import { describe, expect, it } from "vitest";
import type { ResourceRecord } from "../../../infra/release/deployment.ts";
import { settle } from "../../../infra/release/settle.ts";
import { deployment, provider, stackRecord, thing } from "./deployment-records.ts";

const envelope = { "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270" };

describe("settling after a replay", () => {
  it("is the deployment from before, key by key and in its order, when all came out equal", () => {
    const before = {
      manifest: { time: "then" },
      ...deployment(
        thing("b", "2", { created: "then", resourceHooks: { afterCreate: ["gate"] } }),
        thing("a", "1", { modified: "then", dependencies: [thing("b", "2").urn] }),
      ),
      pending_operations: [],
    };
    const replayed = {
      manifest: { time: "now" },
      ...deployment(thing("a", "1", { modified: "now" }), thing("b", "2")),
    };
    const { deployment: settled, different } = settle(replayed, before);
    expect(different).toEqual([]);
    expect(settled).toEqual({ manifest: { time: "then" }, resources: before.resources });
  });

  it("takes what was made again from the replay, and what the program said of it from before", () => {
    const before = deployment(
      thing("a", "1", { created: "then", resourceHooks: { afterCreate: ["gate"] }, protect: true }),
    );
    const made = thing("a", "2", {
      created: "now",
      inputs: { size: 1 },
      outputs: { size: 1, at: 2 },
    });
    const { deployment: settled, different, remade } = settle(deployment(made), before);
    expect([different, remade]).toEqual([[made.urn], [made.urn]]);
    expect(settled.resources?.at(-1)).toEqual({
      ...made,
      resourceHooks: { afterCreate: ["gate"] },
      protect: true,
    });
  });

  it("keeps what a plugin chose itself its own choice, though the replay stated it", () => {
    const inputs = {
      name: "a-1b2c3d4",
      ports: [{ port: 80, protocol: "tcp", __defaults: ["protocol"] }],
      __defaults: ["name"],
    };
    const stated = {
      name: "a-1b2c3d4",
      ports: [{ port: 80, protocol: "tcp", __defaults: [] }],
      __defaults: [],
    };
    const before = deployment(thing("a", "1", { inputs, outputs: { at: 1 } }));
    const result = thing("a", "1", { inputs: stated, outputs: { at: 2 } });
    const { deployment: settled, remade } = settle(deployment(result), before);
    expect(remade).toEqual([]);
    expect(settled.resources?.at(-1)).toMatchObject({ inputs, outputs: { at: 2 } });
  });

  it.each<[string, Partial<ResourceRecord>, Partial<ResourceRecord>, boolean]>([
    ["other outputs", { outputs: { at: 1 } }, { outputs: { at: 2 } }, false],
    [
      "nothing and empty outputs",
      {
        outputs: { at: 1, dns: null, nets: [{ name: "a", priority: null }], deep: { list: null } },
      },
      {
        outputs: {
          at: 1,
          dns: [],
          nets: [{ name: "a", priority: 0 }],
          deep: { list: [] },
          tty: false,
        },
      },
      true,
    ],
    [
      "things in another order",
      { outputs: { nets: [{ name: "a" }, { name: "b", ip: 2 }, {}] } },
      { outputs: { nets: [{}, { name: "b", ip: 2 }, { name: "a" }] } },
      true,
    ],
    [
      "one thing too many",
      { outputs: { nets: [{ name: "a" }] } },
      { outputs: { nets: [{ name: "a" }, { name: "a" }] } },
      false,
    ],
    [
      "words in another order",
      { outputs: { command: ["run", "fast"] } },
      { outputs: { command: ["fast", "run"] } },
      false,
    ],
    [
      "things in another order, as inputs",
      { inputs: { nets: [{ name: "a" }, { name: "b" }] } },
      { inputs: { nets: [{ name: "b" }, { name: "a" }] } },
      false,
    ],
    ["an output that is empty now", { outputs: { dns: ["a"] } }, { outputs: { dns: [] } }, false],
    [
      "an empty entry of a list",
      { outputs: { dns: ["a", ""] } },
      { outputs: { dns: ["a"] } },
      false,
    ],
    ["nothing and empty inputs", { inputs: { dns: null } }, { inputs: { dns: [] } }, false],
    ["other inputs", { inputs: { size: 1 } }, { inputs: { size: 2 } }, false],
    ["another id", { id: "1" }, { id: "2" }, false],
    ["a secret that is one no more", secret('"s"'), { inputs: { token: "s" } }, false],
    ["the same secret, spaced otherwise", secret('{"a": 1}'), secret('{"a":1}'), true],
    ["no inputs and empty ones", { inputs: {} }, without("inputs"), true],
    [
      "notes on defaults",
      { inputs: { list: [{ a: 1, __defaults: ["a"] }], __defaults: [] } },
      { inputs: { list: [{ a: 1 }] } },
      true,
    ],
    ["another time", { modified: "then" }, { modified: "now" }, true],
  ])("%s", (_case, old, now, equal) => {
    const before = deployment(thing("a", "1", old));
    const { different } = settle(deployment(thing("a", "1", now)), before);
    expect(different.length === 0).toBe(equal);
  });

  it("compares inputs as the caller cleans them", () => {
    const before = deployment(thing("a", "1", { inputs: { size: 1, internal: "x" } }));
    const replayed = deployment(thing("a", "1", { inputs: { size: 1 } }));
    const cleanInputs = (
      _type: string,
      { internal: _internal, ...rest }: Record<string, unknown>,
    ) => rest;
    expect(settle(replayed, before).different).toHaveLength(1);
    expect(settle(replayed, before, { cleanInputs }).different).toEqual([]);
  });

  it("points users of a provider that had to be made again to the new one", () => {
    const fresh = { ...provider, id: "prov-2" };
    const before = deployment(thing("a", "1"));
    const replayed = {
      resources: [stackRecord(), fresh, thing("a", "1", { provider: `${fresh.urn}::prov-2` })],
    };
    const { deployment: settled } = settle(replayed, before);
    expect(settled.resources?.map(({ id }) => id)).toEqual([undefined, "prov-2", "1"]);
    expect(settled.resources?.at(-1)?.provider).toBe(`${fresh.urn}::prov-2`);
  });

  it("keeps the key that is in force", () => {
    const before = { ...deployment(), secrets_providers: { state: { salt: "old" } } };
    const replayed = { ...deployment(), secrets_providers: { state: { salt: "new" } } };
    expect(settle(replayed, before).deployment.secrets_providers).toEqual({
      state: { salt: "new" },
    });
  });

  it("is empty if there was nothing before", () => {
    const { deployment: settled } = settle({ resources: [stackRecord()] }, undefined);
    expect(settled.resources).toEqual([]);
  });

  it("refuses a state with resources that were not replayed, or without ones that were", () => {
    const before = deployment(thing("a", "1"));
    expect(() => settle(deployment(thing("a", "1"), thing("z", "9")), before)).toThrow(
      /Thing::z \(9\) should be gone; another process works on this stack/,
    );
    expect(() =>
      settle(deployment(thing("a", "1"), thing("a", "0", { delete: true })), before),
    ).toThrow(/Thing::a \(0\) should be gone/);
    expect(() => settle(deployment(), before)).toThrow(/Thing::a is missing/);
    expect(() => settle(deployment(thing("a", "1")), undefined)).toThrow(/should be gone/);
  });
});

function secret(plaintext: string): Partial<ResourceRecord> {
  return { inputs: { token: { ...envelope, plaintext } } };
}

function without(key: keyof ResourceRecord): Partial<ResourceRecord> {
  return { [key]: undefined };
}
