import { existsSync } from "node:fs";
import { afterEach, describe, expect, it, vi } from "vitest";
import { exitCodes, UserError } from "../../../infra/cli/exit-codes.ts";
import { leaseFile, underLease } from "../../../infra/cli/under-lease.ts";
import { Lease, leaseHolder } from "../../../infra/release/lease.ts";
import { scratchFolder } from "../release/scratch.ts";

const stack = { stack: "staging" };

function place(): string {
  vi.stubEnv("MCP_FLEET_HISTORY", scratchFolder());
  return leaseFile("staging");
}

afterEach(() => void vi.unstubAllEnvs());

describe("underLease", () => {
  it("has the lease while it works, and gives it back", async () => {
    const file = place();
    const seen = await underLease(stack, "update", () => Promise.resolve(leaseHolder(file)?.what));
    expect(seen).toBe("update");
    expect(existsSync(file)).toBe(false);
  });

  it("gives it back when the work fails", async () => {
    const file = place();
    const failing = underLease(stack, "update", () => Promise.reject(new Error("failed")));
    await expect(failing).rejects.toThrow("failed");
    expect(existsSync(file)).toBe(false);
  });

  it("does nothing while somebody else has it, and says who and what to do", async () => {
    const lease = Lease.acquire(place(), "rolling back");
    const work = vi.fn(() => Promise.resolve());
    const refused = await underLease(stack, "update", work).catch((error: unknown) => error);
    lease.release();
    expect(refused).toBeInstanceOf(UserError);
    expect(refused).toMatchObject({ exitCode: exitCodes.locked });
    expect((refused as Error).message).toMatch(
      /^stack staging is locked by .* \(process \d+, rolling back\), since .*; wait for it: \.\/fleet status --stack staging --wait$/,
    );
    expect(work).not.toHaveBeenCalled();
  });
});
