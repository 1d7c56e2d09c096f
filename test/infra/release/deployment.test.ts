import { describe, expect, it } from "vitest";
import {
  sameProperties,
  toWire,
  withoutDefaults,
} from "../../../infra/release/deployment-values.ts";
import {
  identityOf,
  isObject,
  liveResources,
  nameOf,
  providerReference,
  providerUrn,
  referencesOf,
} from "../../../infra/release/deployment.ts";
import { component, provider, stackRecord, thing } from "./deployment-records.ts";

const signature = "4dabf18193072939515e22adb298388d";
const secret = (plaintext: string) => ({
  [signature]: "1b47061264138c4ac30d75fd1eb44270",
  plaintext,
});

describe("property values of a deployment", () => {
  it("are sent with their secrets open inside of the wrapping, at every depth", () => {
    const inner = secret(JSON.stringify({ key: secret('"deep"'), n: null }));
    expect(toWire({ list: [inner, 1, "a", null] })).toEqual({
      list: [
        {
          [signature]: secret("")[signature],
          value: { key: { [signature]: secret("")[signature], value: "deep" }, n: null },
        },
        1,
        "a",
        null,
      ],
    });
  });

  it("pass assets, archives and references through as they are", () => {
    const asset = { [signature]: "c44067f5952c0a294b673a41bacd8c17", hash: "abc", text: "hello" };
    const reference = { [signature]: "5cf8f73096256a8f31e491e813e4eb8e", urn: "u", id: "i" };
    expect(toWire({ asset, reference })).toEqual({ asset, reference });
  });

  it("cannot be sent from an export whose secrets are closed", () => {
    const closed = { [signature]: secret("")[signature], ciphertext: "v1:abc" };
    expect(() => toWire({ closed })).toThrow(/without --show-secrets/);
    expect(sameProperties({ closed }, { closed: { ...closed } })).toBe(true);
  });

  it("are the same whatever the order of keys, in secrets too", () => {
    expect(sameProperties({ a: 1, b: 2 }, { b: 2, a: 1 })).toBe(true);
    expect(sameProperties({ a: secret('{"x":1,"y":2}') }, { a: secret('{"y":2,"x":1}') })).toBe(
      true,
    );
    expect(sameProperties({ a: secret('"1"') }, { a: secret('"2"') })).toBe(false);
    expect(sameProperties({ a: [1, 2] }, { a: [2, 1] })).toBe(false);
    expect(sameProperties(undefined, {})).toBe(true);
  });

  it("lose the notes of plugins on defaults, and nothing else", () => {
    const value = { a: [{ __defaults: [], b: 1 }], __defaults: ["a"], c: null };
    expect(withoutDefaults(value)).toEqual({ a: [{ b: 1 }], c: null });
  });
});

describe("records of a deployment", () => {
  it("are objects, or live in the state alone", () => {
    expect([thing("a", "1"), provider, component("g"), stackRecord()].map(isObject)).toEqual([
      ...[true, false, false, false],
    ]);
  });

  it("have a name that may contain colons, and an identity that tells ids apart", () => {
    expect(nameOf("urn:pulumi:s::p::x:index:Thing::a::b")).toBe("a::b");
    expect(identityOf(thing("a", "1"))).not.toBe(identityOf(thing("a", "2")));
  });

  it("name their provider by URN and id", () => {
    expect(providerUrn(providerReference(provider))).toBe(provider.urn);
  });

  it("refer to all that has to precede them", () => {
    expect(
      referencesOf(
        thing("a", "1", {
          dependencies: ["d"],
          propertyDependencies: { x: ["p"], y: null },
          deletedWith: "w",
          replaceWith: ["r"],
        }),
      ),
    ).toEqual([stackRecord().urn, "d", "p", "w", "r"]);
  });

  it("are live unless condemned or a view of another", () => {
    const live = thing("a", "1");
    const others = [thing("a", "0", { delete: true }), thing("v", "1", { viewOf: live.urn })];
    expect(liveResources({ resources: [live, ...others] })).toEqual([live]);
    expect(liveResources(undefined)).toEqual([]);
  });
});
