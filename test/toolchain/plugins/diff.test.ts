import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { diff } from "../../../toolchain/plugins/bridge/diff.ts";
import { listEdits } from "../../../toolchain/plugins/bridge/list-edits.ts";
import { planCreate } from "../../../toolchain/plugins/bridge/plan.ts";
import {
  mapProperties,
  type Properties,
  UNKNOWN,
} from "../../../toolchain/plugins/bridge/values.ts";
import { containerFields } from "../../../toolchain/plugins/docker/container/schema.ts";
import { networkFields } from "../../../toolchain/plugins/docker/network/schema.ts";

const container = { fields: containerFields, autonamed: true, deleteBeforeReplace: true };
const network = { fields: networkFields, autonamed: true, deleteBeforeReplace: false };

/** The state of a container made from these inputs, as far as the inputs decide it. */
function stateOf(inputs: Properties): Properties {
  return mapProperties(planCreate(containerFields, inputs), (value) =>
    value === UNKNOWN ? null : value,
  );
}

const base = { image: "app:1", name: "web-1", networkMode: "bridge", __defaults: ["name"] };

describe("what counts as a change", () => {
  const label = fc.record({ label: fc.string({ minLength: 1 }), value: fc.string() });

  it("is not the order of a set", () => {
    const labels = fc.uniqueArray(label, { selector: (item) => item.label, minLength: 1 });
    const shuffled = labels.chain((items) =>
      fc.tuple(fc.constant(items), fc.shuffledSubarray(items, { minLength: items.length })),
    );
    fc.assert(
      fc.property(shuffled, ([before, after]) => {
        const state = stateOf({ ...base, labels: before });
        expect(diff(container, state, { ...base, labels: after }).changes).toBe("DIFF_NONE");
      }),
    );
  });

  it("is any difference between two sets of labels", () => {
    const pair = fc.tuple(fc.string({ minLength: 1 }), fc.string({ minLength: 1 }));
    fc.assert(
      fc.property(
        pair.filter(([a, b]) => a !== b),
        ([a, b]) => {
          const state = stateOf({ ...base, labels: [{ label: "x", value: a }] });
          const answer = diff(container, state, { ...base, labels: [{ label: "x", value: b }] });
          expect(answer.detailedDiff).toEqual({ "labels[0].value": "UPDATE_REPLACE" });
        },
      ),
    );
  });

  it("is not the order of published ports", () => {
    const ports = [80, 81].map((internal) => ({
      internal,
      external: internal + 1000,
      ip: "127.0.0.1",
      protocol: "tcp",
    }));
    const state = stateOf({ ...base, ports });
    expect(diff(container, state, { ...base, ports: [...ports].reverse() }).changes).toBe(
      "DIFF_NONE",
    );
  });

  it("is not the host port that the engine chose", () => {
    const state = stateOf({ ...base, ports: [{ internal: 80, external: 49153 }] });
    expect(diff(container, state, { ...base, ports: [{ internal: 80 }] }).changes).toBe(
      "DIFF_NONE",
    );
  });

  it("is an unknown value, even if it may turn out the same", () => {
    const answer = diff(container, stateOf(base), { ...base, image: UNKNOWN });
    expect(answer.detailedDiff).toEqual({ image: "UPDATE_REPLACE" });
    expect(answer.deleteBeforeReplace).toBe(true);
  });

  it("is not a path that the program ignores", () => {
    const answer = diff(
      container,
      stateOf({ ...base, envs: ["A=1"] }),
      { ...base, envs: ["A=2"] },
      ["envs"],
    );
    expect(answer.changes).toBe("DIFF_NONE");
  });

  it("is a container that stopped though it must run: it is started in place", () => {
    const state = { ...stateOf({ ...base, mustRun: true }), mustRun: false };
    const answer = diff(container, state, { ...base, mustRun: true });
    expect(answer).toMatchObject({ detailedDiff: { mustRun: "UPDATE" } });
    expect(answer.replaces).toBeUndefined();
  });
});

describe("a network with a fixed name", () => {
  const state = { name: "fixed", internal: false, driver: "bridge", ipamDriver: "default" };

  it("is deleted before its replacement comes", () => {
    const inputs = { name: "fixed", internal: true, __defaults: [] };
    expect(diff(network, state, inputs).deleteBeforeReplace).toBe(true);
  });

  it("is not, if the name was generated", () => {
    const inputs = { name: "fixed", internal: true, __defaults: ["name"] };
    expect(diff(network, state, inputs).deleteBeforeReplace).toBeUndefined();
  });
});

describe("edits of a list", () => {
  it("are none for equal lists and keep to the indices of both", () => {
    const list = fc.array(fc.constantFrom("a", "b", "c"), { maxLength: 6 });
    fc.assert(
      fc.property(list, list, (old, next) => {
        const edits = listEdits(old, next);
        expect(listEdits(old, old).size).toBe(0);
        expect(edits.size === 0).toBe(JSON.stringify(old) === JSON.stringify(next));
        for (const index of edits.keys())
          expect(index).toBeLessThan(Math.max(old.length, next.length));
        const count = (change: string) =>
          [...edits.values()].filter((edit) => edit === change).length;
        expect(count("ADD") - count("DELETE")).toBe(next.length - old.length);
      }),
    );
  });
});
