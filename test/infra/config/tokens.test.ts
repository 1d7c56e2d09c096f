import { describe, expect, it } from "vitest";
import { checkToken, checkTokens } from "../../../infra/config/index.ts";

const good = "0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0";
const other = good.split("").reverse().join("").replace("0", "7");

describe("checkToken", () => {
  it.each([
    [good.slice(0, 31), "31 characters; at least 32"],
    ["", "0 characters"],
    ["a1".repeat(300), "at most 512"],
    [`${good.slice(0, 40)} ${good.slice(0, 4)}`, "without spaces"],
    [`${good},`, "commas"],
    [`${good}"`, "quotes"],
    [`${good}\n`, "printable"],
    [`${good}é`, "ASCII"],
    [`changeme-${good}`, "a sample value"],
    ["CHANGE_ME_please_0123456789abcdef", "a sample value"],
    ["your-secret-token-0123456789abcdef", "a sample value"],
    ["a".repeat(64), "fewer than 8 different"],
  ])("refuses %j and does not repeat it", (token, says) => {
    const why = checkToken(token);
    expect(why).toContain(says);
    if (token.length > 8) {
      expect(why).not.toContain(token.slice(0, 8));
    }
  });

  it("accepts 32 characters and more", () => {
    expect(checkToken(good.slice(0, 32))).toBeUndefined();
    expect(checkToken(good)).toBeUndefined();
  });
});

describe("checkTokens", () => {
  const pair = { primary: good, backup: other };

  it("accepts a pair for each client", () => {
    expect(checkTokens(JSON.stringify({ default: pair }), ["default"])).toEqual([]);
  });

  it.each([
    ["no JSON", `{${good}`, ["mcp-fleet:tokens"]],
    ["no backup", JSON.stringify({ default: { primary: good } }), ["mcp-fleet:tokens"]],
    ["an unknown client", JSON.stringify({ web: pair }), ["mcp-fleet:tokens.web"]],
    [
      "a short one",
      JSON.stringify({ default: { ...pair, backup: "short" } }),
      ["mcp-fleet:tokens.default.backup"],
    ],
    [
      "one used twice",
      JSON.stringify({ default: { primary: good, backup: good } }),
      ["mcp-fleet:tokens.default.backup"],
    ],
    ["a token as client", JSON.stringify({ [other]: pair }), ["mcp-fleet:tokens.(name not shown)"]],
  ])("refuses %s without showing any", (_, json, paths) => {
    const problems = checkTokens(json, ["default"]);
    expect(problems.map(({ path }) => path)).toEqual(paths);
    expect(JSON.stringify(problems)).not.toContain(good.slice(0, 16));
    expect(JSON.stringify(problems)).not.toContain(other.slice(0, 16));
  });
});
