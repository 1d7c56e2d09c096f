import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseImageReference, registryProbeUrl } from "../../toolchain/image-reference.ts";

const digest = `sha256:${"a1".repeat(32)}`;
const INDEX = "https://index.example/v1/";

describe("parseImageReference", () => {
  it.each([
    ["debian", { repository: "library/debian", tag: "latest" }],
    ["debian:trixie-slim", { repository: "library/debian", tag: "trixie-slim" }],
    ["team/app:1.0", { repository: "team/app", tag: "1.0" }],
    ["reg.example/debian", { registry: "reg.example", repository: "debian", tag: "latest" }],
    ["reg:5000/a/b:c", { registry: "reg:5000", repository: "a/b", tag: "c" }],
    ["localhost/x", { registry: "localhost", repository: "x", tag: "latest" }],
    ["localhost:5000/x", { registry: "localhost:5000", repository: "x", tag: "latest" }],
    [`debian@${digest}`, { repository: "library/debian", digest }],
    [`r.io/a:1@${digest}`, { registry: "r.io", repository: "a", tag: "1", digest }],
  ])("%s", (text, expected) => {
    expect(parseImageReference(text)).toEqual(expected);
  });

  it.each([
    "",
    "Debian",
    "a b",
    "a/",
    "/a",
    "a//b",
    "a:",
    "a:b:c",
    "a@sha256:1",
    "-a",
    "a:-b",
    "r.io/",
  ])("refuses %j and quotes it", (text) => {
    expect(() => parseImageReference(text)).toThrow(`image reference ${JSON.stringify(text)}: `);
  });

  it("takes apart what was put together", () => {
    const word = fc.stringMatching(/^[a-z0-9]{1,8}$/);
    fc.assert(
      fc.property(word, fc.array(word, { minLength: 1, maxLength: 3 }), word, (host, path, tag) => {
        const registry = `${host}.example:5000`;
        const parsed = parseImageReference(`${registry}/${path.join("/")}:${tag}`);
        expect(parsed).toEqual({ registry, repository: path.join("/"), tag });
      }),
    );
  });
});

describe("registryProbeUrl", () => {
  it.each([
    ["debian", INDEX, "https://index.example/v2/"],
    ["debian", undefined, undefined],
    ["reg.example/x", INDEX, "https://reg.example/v2/"],
    ["reg.example:8443/x", INDEX, "https://reg.example:8443/v2/"],
    ["localhost:5000/x", INDEX, "http://localhost:5000/v2/"],
    ["127.0.0.1:5000/x", INDEX, "http://127.0.0.1:5000/v2/"],
  ])("%s with index %s", (text, index, expected) => {
    expect(registryProbeUrl(parseImageReference(text), index)).toBe(expected);
  });
});
