import { describe, expect, it } from "vitest";
import { prove, replaceOrderOf } from "../../../infra/release/roll-back.ts";
import { deployment, thing, urnOf } from "./deployment-records.ts";
import { passes } from "./fake-host.ts";
import { commit, gate } from "./release-records.ts";

describe("prove", () => {
  const state = deployment(gate("private"), gate("public"));

  it("asks every gate with what it kept", async () => {
    const asked: unknown[] = [];
    const verdict = await prove(
      {
        prove: (name, content, of) => {
          asked.push([name, content.release, of === state]);
          return Promise.resolve(passes);
        },
      },
      state,
    );
    expect(verdict).toEqual({ pass: true, reasons: [] });
    expect(asked).toEqual([
      ["private", "r-1", true],
      ["public", "r-1", true],
    ]);
  });

  it("needs all of them, and takes a question that cannot be asked for a no", async () => {
    const verdict = await prove(
      {
        prove: (name) =>
          name === "public" ? Promise.reject(new Error("no engine")) : Promise.resolve(passes),
      },
      state,
    );
    expect(verdict).toEqual({
      pass: false,
      reasons: ["gate public cannot be asked: no engine"],
    });
  });

  it("waits for what nobody else has waited for, and takes what does not come for a no", async () => {
    const waited: unknown[] = [];
    const host = {
      prove: () => Promise.resolve(passes),
      waits: ({ urn }: { readonly urn: string }) =>
        urn.endsWith("::db")
          ? (inputs: unknown) => {
              waited.push(inputs);
              return waited.length > 1
                ? Promise.reject(new Error("db cannot get its image"))
                : Promise.resolve();
            }
          : undefined,
    };
    const both = deployment(
      gate("private"),
      thing("db", "1", { inputs: { size: 3 } }),
      thing("b", "2"),
    );
    expect(await prove(host, both)).toEqual({ pass: true, reasons: [] });
    expect(waited).toEqual([{ size: 3 }]);
    expect(await prove(host, both)).toEqual({ pass: false, reasons: ["db cannot get its image"] });
    // It was sick before, perhaps.
    const untouched = new Set([urnOf("x:index:Thing", "db")]);
    expect(await prove(host, both, untouched)).toEqual({ pass: true, reasons: [] });
  });

  it("asks the gates when all is there, and not before", async () => {
    const events: string[] = [];
    let arrives = (): void => undefined;
    const host = {
      prove: (name: string) => {
        events.push(`asked ${name}`);
        return Promise.resolve(passes);
      },
      waits: ({ urn }: { readonly urn: string }) =>
        urn.endsWith("::db")
          ? () => new Promise<void>((resolve) => (arrives = resolve))
          : undefined,
    };
    const proof = prove(host, deployment(gate("private"), thing("db", "1")));
    await new Promise((resolve) => setImmediate(resolve));
    expect(events).toEqual([]);
    arrives();
    expect(await proof).toEqual({ pass: true, reasons: [] });
    expect(events).toEqual(["asked private"]);
  });

  it("has nothing to ask where there is no gate", async () => {
    const never = { prove: () => Promise.reject(new Error("asked")) };
    expect(await prove(never, {})).toEqual({ pass: true, reasons: [] });
  });
});

describe("replaceOrderOf", () => {
  it("finds what the commit remembers, by type and name", () => {
    const state = deployment(
      thing("a", "a-1"),
      thing("b", "b-1"),
      thing("with::colons", "c-1"),
      commit({
        deleteFirst: ["x:index:Thing a", "x:index:Thing gone", "y:index:Other b"],
        createFirst: ["x:index:Thing with::colons"],
      }),
    );
    expect(replaceOrderOf(state)).toMatchObject({
      deleteFirst: new Set([urnOf("x:index:Thing", "a")]),
      createFirst: new Set([urnOf("x:index:Thing", "with::colons")]),
    });
  });

  it.each([null, undefined, {}, deployment(thing("a", "a-1"))])("knows nothing of %#", (state) => {
    expect(replaceOrderOf(state)).toMatchObject({ deleteFirst: new Set(), createFirst: new Set() });
  });
});
