import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { scramMatches, scramVerifier, stableSalt } from "../../servers/migrate/scram.ts";

describe("scramVerifier", () => {
  it("computes what PostgreSQL stored for the password and salt of RFC 7677", () => {
    // StoredKey and ServerKey follow from the exchange in RFC 7677, section 3 (user, pencil, 4096).
    expect(scramVerifier("pencil", Buffer.from("W22ZaJ0SNY7soEsUEjb6gQ==", "base64"))).toBe(
      "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=",
    );
  });

  it("matches the password that it was made of, and no other", () => {
    fc.assert(
      fc.property(
        fc.string({ minLength: 1, maxLength: 40 }),
        fc.string({ minLength: 1, maxLength: 40 }),
        (password, other) => {
          const stored = scramVerifier(password, stableSalt("scene_a", password), 2);
          expect(scramMatches(stored, password)).toBe(true);
          expect(scramMatches(stored, other)).toBe(
            other.normalize("NFKC") === password.normalize("NFKC"),
          );
        },
      ),
      { numRuns: 50 },
    );
  });

  it.each(["", "md5d41d8cd98f00b204e9800998ecf8427e", "SCRAM-SHA-256$4096:abc", "pencil"])(
    "does not match %j",
    (stored) => {
      expect(scramMatches(stored, "pencil")).toBe(false);
    },
  );
});

describe("stableSalt", () => {
  it("is the same for the same role and password, and another for any other", () => {
    const salt = stableSalt("scene_a", "one");
    expect(salt).toHaveLength(16);
    expect(stableSalt("scene_a", "one")).toEqual(salt);
    expect(stableSalt("scene_b", "one")).not.toEqual(salt);
    expect(stableSalt("scene_a", "two")).not.toEqual(salt);
  });
});
