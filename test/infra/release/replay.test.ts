import { describe, expect, it } from "vitest";
import {
  changesOf,
  merged,
  replaceValues,
  withChanges,
} from "../../../infra/release/replay-changes.ts";
import {
  inputsOf,
  propertyPath,
  readRequest,
  registerRequest,
} from "../../../infra/release/replay-requests.ts";
import type { CleanInputs } from "../../../infra/release/settle.ts";
import { component, provider, thing } from "./deployment-records.ts";

const secretKey = "4dabf18193072939515e22adb298388d";
const secret = "1b47061264138c4ac30d75fd1eb44270";

const full = thing("a", "1", {
  inputs: {
    name: "a-1234567",
    token: { [secretKey]: secret, plaintext: '"s"' },
    __defaults: ["name"],
  },
  dependencies: ["urn:d"],
  propertyDependencies: { name: ["urn:d"], token: null },
  protect: true,
  retainOnDelete: true,
  deletedWith: "urn:w",
  replaceOnChanges: ["name"],
  additionalSecretOutputs: ["key"],
  customTimeouts: { create: 90, delete: 5 },
  hideDiff: [["a", 0, "b.c"]],
  replacementTrigger: { v: 1 },
});

describe("the request that replays a resource", () => {
  const context = { provider: "urn:p::id", hooks: undefined, options: {} };

  it("says all that the state says", async () => {
    const request = await registerRequest(full, { ...context, inputs: inputsOf(full) });
    expect(request.toObject()).toMatchObject({
      type: "x:index:Thing",
      name: "a",
      parent: full.parent,
      custom: true,
      provider: "urn:p::id",
      dependenciesList: ["urn:d"],
      protect: true,
      retainondelete: true,
      deletedwith: "urn:w",
      replaceonchangesList: ["name"],
      additionalsecretoutputsList: ["key"],
      customtimeouts: { create: "90s", update: "", pb_delete: "5s", read: "" },
      hidediffsList: ['a[0]["b.c"]'],
      deletebeforereplacedefined: false,
      ignorechangesList: [],
      aliasesList: [],
      acceptsecrets: true,
    });
    expect(request.getObject()?.toJavaScript()).toEqual({
      name: "a-1234567",
      token: { [secretKey]: secret, value: "s" },
    });
    expect(request.getReplacementTrigger()?.toJavaScript()).toEqual({ v: 1 });
    const dependencies = request.getPropertydependenciesMap();
    expect(dependencies.get("name")?.getUrnsList()).toEqual(["urn:d"]);
    expect(dependencies.get("token")?.getUrnsList()).toEqual([]);
  });

  it("leaves nothing open that would be inherited from the parent", async () => {
    const request = await registerRequest(thing("a", "1"), { ...context, inputs: { size: 1 } });
    expect([request.hasProtect(), request.getProtect()]).toEqual([true, false]);
    expect([request.hasRetainondelete(), request.getRetainondelete()]).toEqual([true, false]);
    expect(request.getPropertydependenciesMap().get("size")?.getUrnsList()).toEqual([]);
  });

  it.each([["a"], [thing("a", "1").urn]])(
    "is delete-first for %s if that is asked",
    async (key) => {
      const options = { deleteFirst: new Set([key]) };
      const asked = await registerRequest(thing("a", "1"), { ...context, options, inputs: {} });
      const other = await registerRequest(thing("b", "1"), { ...context, options, inputs: {} });
      expect(asked.getDeletebeforereplace()).toBe(true);
      expect(other.getDeletebeforereplacedefined()).toBe(false);
    },
  );

  it("names the version of a provider, lest the engine fills in another", async () => {
    const record = { ...provider, inputs: { version: "5.2.0", region: "x" } };
    const request = await registerRequest(record, {
      ...context,
      provider: "",
      inputs: inputsOf(record),
    });
    expect(request.getVersion()).toBe("5.2.0");
    expect((await registerRequest(full, { ...context, inputs: {} })).getVersion()).toBe("");
  });

  it("does not ask components to retain, which they cannot", async () => {
    const request = await registerRequest(component("g"), { ...context, inputs: {} });
    expect(request.hasRetainondelete()).toBe(false);
  });

  it("sends inputs as the caller cleans them", () => {
    const record = thing("a", "1", { inputs: { size: 1, internal: "x" } });
    const cleanInputs: CleanInputs = (_type, { internal: _internal, ...rest }) => rest;
    expect(inputsOf(record, { cleanInputs })).toEqual({ size: 1 });
  });

  it("leaves to the plugin what it chose, where nothing has changed", () => {
    const record = thing("a", "1", {
      inputs: {
        name: "a-1",
        ports: [{ port: 80, kind: "tcp", __defaults: ["kind"] }],
        __defaults: ["name"],
      },
    });
    expect(inputsOf(record, { unchanged: new Set([record.urn]) })).toEqual({
      ports: [{ port: 80 }],
    });
    expect(inputsOf(record, { unchanged: new Set(["urn:other"]) })).toEqual({
      name: "a-1",
      ports: [{ port: 80, kind: "tcp" }],
    });
  });

  it("reads what was only read", () => {
    const request = readRequest(thing("a", "1", { external: true }), "urn:p::id");
    expect(request.toObject()).toMatchObject({ id: "1", type: "x:index:Thing", name: "a" });
    expect(request.getProperties()?.toJavaScript()).toEqual({ size: 1 });
  });
});

describe("a property path", () => {
  it.each([
    [["a"], "a"],
    [["a", "b", 2], "a.b[2]"],
    [["a.b", "c-d"], '["a.b"]["c-d"]'],
  ])("%j is %s", (path, text) => {
    expect(propertyPath(path)).toBe(text);
  });
});

describe("what an object that had to be made again changes for others", () => {
  const old = thing("a", "container-0001", {
    outputs: {
      id: "container-0001",
      address: "10.0.0.1",
      size: 1,
      tiny: "1",
      list: [{ key: "old key" }],
    },
  });
  const outputs = {
    ...{ id: "container-0002", address: "10.0.0.1", size: 2, tiny: "2" },
    list: [{ key: "new key" }],
  };
  const changes = changesOf(old, { urn: old.urn, id: "container-0002", outputs });

  it("is its id and the texts that came out new, but for very short ones", () => {
    expect([...changes]).toEqual([
      ["container-0001", "container-0002"],
      ["old key", "new key"],
    ]);
  });

  it("is nothing if it was left alone", () => {
    const same = { urn: old.urn, id: old.id!, outputs: old.outputs! };
    expect(changesOf(old, same).size).toBe(0);
  });

  it("goes into the inputs that depend on it, and into no others", () => {
    const user = thing("b", "2", {
      propertyDependencies: { network: [old.urn], note: [], keys: [old.urn] },
    });
    const inputs = {
      network: "container:container-0001",
      note: "container-0001",
      keys: ["old key", "an old key", 3],
    };
    expect(withChanges(user, inputs, new Map([[old.urn, changes]]))).toEqual({
      network: "container:container-0002",
      note: "container-0001",
      keys: ["new key", "an old key", 3],
    });
  });

  it("leaves alone what has become two different things", () => {
    const both = merged([
      new Map([["same text", "one"]]),
      new Map([["same text", "two"]]),
      undefined,
    ]);
    expect(replaceValues({ a: "same text" }, both)).toEqual({ a: "same text" });
  });
});
