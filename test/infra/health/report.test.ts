import { describe, expect, it } from "vitest";
import { afterProof, allHealthy, type ComponentHealth } from "../../../infra/health/report.ts";

const part = (component: string, more: Partial<ComponentHealth> = {}): ComponentHealth => ({
  component,
  healthy: true,
  detail: "container running, healthy",
  ...more,
});
const starting = part("scene", { healthy: false, starting: true, detail: "running, starting" });
const broken = part("review", { healthy: false, detail: "MCP: 503" });

describe("a report on the fleet", () => {
  it("is healthy if every part is, and there is one", () => {
    expect(allHealthy([])).toBe(false);
    expect(allHealthy([part("scene"), part("review")])).toBe(true);
    expect(allHealthy([part("scene"), starting])).toBe(false);
  });

  it("after the gates' proof takes what only waits for the engine's first look for healthy", () => {
    expect(allHealthy(afterProof([part("review"), starting]))).toBe(true);
    expect(allHealthy(afterProof([broken, starting]))).toBe(false);
    expect(afterProof([starting])[0]!.detail).toBe("running, starting");
  });
});
