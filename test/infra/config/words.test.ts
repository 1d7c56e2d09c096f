import { describe, expect, it } from "vitest";
import { isSecretName, looksSecret, show } from "../../../infra/config/redact.ts";
import { didYouMean, suggest } from "../../../infra/config/suggest.ts";

describe("suggest", () => {
  const known = ["port", "memoryMb", "maxDbConnections", "image", "gateway"];

  it.each([
    ["prot", "port"],
    ["memory_mb", "memoryMb"],
    ["max-db-connections", "maxDbConnections"],
    ["imgae", "image"],
    ["gatewy", "gateway"],
    ["xyz", undefined],
    ["gate", undefined],
  ])("%s means %s", (word, expected) => {
    expect(suggest(word, known)).toBe(expected);
  });

  it("lists what is known", () => {
    expect(didYouMean("prot", ["port"])).toBe("did you mean port? Known here: port");
    expect(didYouMean("xyz", ["port", "image"])).toBe("known here: port, image");
  });
});

describe("secrets", () => {
  it.each([
    ["DB_PASSWORD", true],
    ["API_TOKEN", true],
    ["client_secret", true],
    ["SIGNING_KEY", true],
    ["KEY", true],
    ["TOKEN_FILE", false],
    ["MONKEY", false],
    ["TOKEN_LIMIT", false],
    ["FAULT", false],
  ])("name %s: %s", (name, expected) => {
    expect(isSecretName(name)).toBe(expected);
  });

  it.each([
    ["ghp_0123456789abcdefghij", true],
    ["0123456789abcdef0123456789abcdef", true],
    ["9b2d3c1e-0000-4000-8000-1234567890ab", true],
    ["postgres://me:pass@host/db", true],
    ["correcthorsebatterystaplecorrecthorse", true],
    ["registry.example:5000/team/scene:1.4", false],
    [`scene@sha256:${"0a".repeat(32)}`, false],
    ["book-planning", false],
    ["https://app.example.com", false],
    ["256MB", false],
  ])("value %s: %s", (text, expected) => {
    expect(looksSecret(text)).toBe(expected);
  });

  it.each([
    [undefined, "nothing"],
    [null, "nothing (an empty value)"],
    [80, "80"],
    ["x".repeat(5), '"xxxxx"'],
    ["a b ".repeat(30), `"${"a b ".repeat(14)}a..."`],
    [[], "an empty list"],
    [{ a: 1 }, "a map"],
  ])("shows %j as %s", (value, expected) => {
    expect(show(value)).toBe(expected);
  });

  it("shows nothing from an environment or under a secret's name", () => {
    expect(show("x", ["servers", 0, "env", "A"])).toBe(
      "a text of 1 characters (not shown, it may be a secret)",
    );
    expect(show(1234, ["servers", 0, "env", "PIN"])).toBe("a number (not shown)");
    expect(show("x", ["token"])).toContain("not shown");
  });
});
