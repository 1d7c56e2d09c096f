import { afterEach, expect, it, vi } from "vitest";
import { stopRestarting } from "../../../../infra/platforms/docker/restarting.ts";
import { fakeEngine } from "./fake-engine.ts";

const restarts: Readonly<Record<string, number>> = { a: 3, b: 0, c: 2 };

/** An engine whose containers were started again so many times. @returns what it was asked to change */
async function engine(): Promise<string[]> {
  const changed: string[] = [];
  await fakeEngine(({ method, url = "" }, response) => {
    if (method === "POST") {
      changed.push(url.replace(/^\/v[\d.]+/, ""));
      response.writeHead(204).end();
      return;
    }
    const id = /containers\/(\w)\/json/.exec(url)?.[1];
    response.setHeader("content-type", "application/json");
    const all = Object.keys(restarts).map((Id) => ({
      Id,
      Labels: { "mcp-fleet/component": Id },
    }));
    response.end(JSON.stringify(id ? { RestartCount: restarts[id] } : all));
  });
  return changed;
}

afterEach(() => void vi.unstubAllEnvs());

it("stops at once what was chosen and was started again, and nothing else", async () => {
  const changed = await engine();
  await stopRestarting("staging", (labels) => ["a", "b"].includes(labels["mcp-fleet/component"]!));
  expect(changed).toEqual(["/containers/a/stop?t=0"]);
});
