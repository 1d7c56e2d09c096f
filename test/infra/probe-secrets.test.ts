import { describe, expect, it } from "vitest";
import { secretsOf } from "../../infra/probe-secrets.ts";
import { record, stackRecord, urnOf } from "./release/deployment-records.ts";
import { openSecret } from "./release/release-records.ts";

const passwordType = "random:index/randomPassword:RandomPassword";
const password = (role: string, result: unknown, over = {}) =>
  record(passwordType, `credentials-${role}`, { id: "none", outputs: { result }, ...over });

const tokens = { editor: { primary: "token-1", backup: "token-2" } };
const none = "the deployment has none";

describe("secretsOf", () => {
  it.each([
    ["tokens that are one secret", openSecret(tokens)],
    ["tokens that are secrets each", { editor: { primary: openSecret("token-1") } }],
    ["pairs that are secrets", { editor: openSecret(tokens.editor) }],
  ])("opens %s", async (_, outputs) => {
    const source = secretsOf({ resources: [stackRecord({ outputs: { tokens: outputs } })] });
    expect(await source({ kind: "token", of: "editor" })).toBe("token-1");
    await expect(source({ kind: "token", of: "other" })).rejects.toThrow(none);
  });

  it("finds the password of a role, not of one that goes", async () => {
    const source = secretsOf({
      resources: [
        password("database_a", openSecret("old"), { delete: true }),
        password("database_a", openSecret("new")),
        password("memory_a", openSecret("other")),
        {
          ...password("x", openSecret("wrong")),
          urn: urnOf("x:index:Thing", "credentials-x"),
          type: "x:index:Thing",
        },
      ],
    });
    expect(await source({ kind: "password", of: "database_a" })).toBe("new");
    await expect(source({ kind: "password", of: "x" })).rejects.toThrow(none);
    await expect(source({ kind: "password", of: "database" })).rejects.toThrow(none);
  });

  it.each([null, undefined, {}, { resources: [stackRecord()] }])(
    "has none in %j",
    async (state) => {
      const source = secretsOf(state);
      await expect(source({ kind: "token", of: "editor" })).rejects.toThrow(none);
      await expect(source({ kind: "password", of: "database_a" })).rejects.toThrow(none);
    },
  );
});
