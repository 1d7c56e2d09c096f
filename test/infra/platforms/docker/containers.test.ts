import { afterEach, describe, expect, it, vi } from "vitest";
import { checkContainers } from "../../../../infra/platforms/docker/containers.ts";
import { fakeEngine } from "./fake-engine.ts";

/** What the engine says of a container, and how its check ends when it is run inside of it. */
interface Given {
  readonly health?: "starting" | "healthy" | "unhealthy";
  readonly restarting?: boolean;
  /** Undefined: it never ends. */
  readonly exit?: number;
  readonly test?: readonly string[];
}

/** @returns the commands that were run inside, by container */
async function engine(containers: Readonly<Record<string, Given>>) {
  const ran: Record<string, string[]> = {};
  await fakeEngine((request, response) => {
    const url = (request.url ?? "").replace(/^\/v[\d.]+/, "");
    const name = /^\/(?:containers|exec)\/(\w+)\//.exec(url)?.[1] ?? "";
    const { health, restarting = false, exit, test = ["CMD", "look"] } = containers[name] ?? {};
    const answer = (body: unknown) =>
      response.setHeader("content-type", "application/json").end(JSON.stringify(body));
    if (url.startsWith("/containers/json")) {
      answer(Object.keys(containers).map((Id) => ({ Id })));
    } else if (request.method === "GET" && url.startsWith("/exec")) {
      answer({ ExitCode: exit });
    } else if (request.method === "GET") {
      answer({
        ...{ Id: name, Name: `/${name}`, RestartCount: 0 },
        Config: {
          Labels: { "mcp-fleet/component": name },
          Healthcheck: { Test: test, Timeout: 100e6 },
        },
        HostConfig: { RestartPolicy: { Name: "unless-stopped" } },
        State: {
          ...{ Status: "running", Running: true, Restarting: restarting },
          ...(health && { Health: { Status: health, Log: [] } }),
        },
      });
    } else if (url.endsWith("/exec")) {
      let text = "";
      request.on("data", (chunk: Buffer) => (text += chunk.toString()));
      request.on("end", () => {
        ran[name] = (JSON.parse(text) as { readonly Cmd: string[] }).Cmd;
        answer({ Id: name });
      });
    } else {
      response.flushHeaders();
      if (exit !== undefined) response.end();
    }
  });
  return ran;
}

afterEach(() => void vi.unstubAllEnvs());

describe("a container with a check", () => {
  it.each<readonly [string, Given, object]>([
    ["passed it", { health: "healthy" }, { healthy: true, detail: "container running, healthy" }],
    [
      "failed it",
      { health: "unhealthy", exit: 0 },
      { healthy: false, detail: "container running, unhealthy" },
    ],
    ["has none", {}, { healthy: true, detail: "container running" }],
    [
      "was not looked at yet, and passes it now",
      { health: "starting", exit: 0 },
      { healthy: true, detail: "container running, starting, passes its check" },
    ],
    [
      "was not looked at yet, and fails it now",
      { health: "starting", exit: 1 },
      { healthy: false, starting: true, detail: "container running, starting" },
    ],
    [
      "was not looked at yet, and does not answer in time",
      { health: "starting" },
      { healthy: false, starting: true, detail: "container running, starting" },
    ],
    [
      "is between two starts",
      { health: "starting", restarting: true, exit: 0 },
      { healthy: false, detail: "container running, starting" },
    ],
  ])("%s", async (_, given, expected) => {
    await engine({ scene: given });
    expect(await checkContainers("staging")).toEqual([{ component: "scene", ...expected }]);
  });

  it("is asked only where the engine has not, by the command of its check", async () => {
    const ran = await engine({
      a: { health: "healthy", exit: 0 },
      b: { health: "starting", exit: 0 },
      c: { health: "starting", exit: 0, test: ["CMD-SHELL", "look"] },
    });
    const parts = await checkContainers("staging");
    expect(parts.map(({ healthy }) => healthy)).toEqual([true, true, false]);
    expect(ran).toEqual({ b: ["look"] });
  });
});
