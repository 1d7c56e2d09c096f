import { expect, it } from "vitest";
import { exitCodes, UserError } from "../../../infra/cli/exit-codes.ts";
import { requireStackName } from "../../../infra/cli/stack-name.ts";

it.each(["staging", "a", "0", "e2e-int-4f", "a".repeat(31)])("takes %s", (name) => {
  expect(() => requireStackName(name)).not.toThrow();
});

it.each(["", "Staging", "a.b", "a_b", "-a", "org/project/staging", "a b", "../x", "a".repeat(32)])(
  "refuses %j as a usage error",
  (name) => {
    try {
      requireStackName(name);
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(UserError);
      expect((error as UserError).exitCode).toBe(exitCodes.usage);
      expect((error as UserError).message).toContain(`--stack: got ${JSON.stringify(name)}`);
    }
  },
);
