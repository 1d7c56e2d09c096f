import { it } from "vitest";
import type { DrillFleet } from "./support/drill-fleet.ts";

/** Nobody runs `fleet`: the program's own supervisor finishes the rollback when the engine has let go of the stack. */
export function plainPulumi(fleet: DrillFleet): void {
  it("rolls back a plain `pulumi up`", async () => {
    const said = [/release-gate-private/, /scene\/mcp: MCP/];
    const says = [/rolled-back/, /scene\/mcp: MCP/];
    await fleet.fails("plain pulumi up", { exit: 10, says }, async () => {
      const plain = await fleet.pulumiUp("servers.scene.env.FAULT=no-mcp");
      for (const pattern of said) {
        if (!pattern.test(plain.stdout + plain.stderr))
          throw new Error(`pulumi up did not say ${String(pattern)}:\n${plain.stdout}`);
      }
      const waited = await fleet.run("status", "--wait");
      return { ...waited, stderr: waited.stdout };
    });
  });
}
