import http from "node:http";
import { isDeepStrictEqual } from "node:util";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { startLoad, type RunningLoad } from "../../bench/load/load.ts";
import { statelessCall } from "../../bench/calls.ts";
import {
  fallBack,
  readTraffic,
  retire,
  setWeights,
  untilIdle,
} from "../../components/gateway/gateway-control.ts";
import { buildImages } from "./database-harness.ts";
import { call, docker, gatewayImage, tokens, until, type Answer } from "./gateway-harness.ts";
import { SwitchLab, type Releases } from "./switch-lab.ts";

const servers = ["scene", "author"];
const lab = new SwitchLab();

const everywhere = (...releases: [string, ...string[]]): Releases =>
  Object.fromEntries(servers.map((server) => [server, releases]));
const backends = (release: string) =>
  servers.map((server) => ({ server, backend: lab.backend(server, release) }));
const start = (release: string, env: Readonly<Record<string, string>> = {}) =>
  Promise.all(servers.map((server) => lab.startServer(server, release, env)));
const stop = (release: string) =>
  Promise.all(servers.map((server) => lab.stopServer(server, release)));
const loads: RunningLoad[] = [];
const load = (): RunningLoad => {
  const running = startLoad({
    targets: servers.map((name) => ({ name, url: lab.url(name) })),
    token: tokens.primary,
    // What a busy machine carries too; how fast the switch is, and at 100 calls/s, `bench/` measures.
    rate: 25,
  });
  loads.push(running);
  return running;
};

/** One tool call of the stateless revision; the release that answered. */
async function ask(server = "scene", agent?: http.Agent): Promise<Answer> {
  const { headers, body } = statelessCall(lab.url(server), tokens.primary);
  return call({
    port: lab.port,
    path: `/${server}/mcp`,
    headers,
    body: JSON.parse(body) as unknown,
    ...(agent && { agent }),
  });
}

const releaseIn = (answer: Answer): string | undefined =>
  /"?release\\?"?: ?\\?"([^"\\]+)/.exec(answer.text)?.[1];

beforeAll(async () => {
  await Promise.all([gatewayImage(), buildImages(["mcp-server", "postgres"])]);
  await lab.open(everywhere("r1"));
});

afterEach(async () => {
  await Promise.all(loads.splice(0).map((running) => running.stop()));
});

afterAll(() => lab.close());

describe("a switch under load, half of it within sessions", () => {
  it("loses nothing when the new release is good", async () => {
    // A client that was last there before the switch and comes back when the old servers are gone.
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    expect(releaseIn(await ask("scene", agent))).toBe("r1");
    const running = load();
    await delay(2000);
    await start("r2");
    await lab.apply(everywhere("r2", "r1"));
    expect(releaseIn(await ask())).toBe("r2");
    await delay(2000);
    const before = running.now();
    expect(before.moved).toBe(0);
    const spare = servers.map((server) => lab.backend(server, "r1")).sort();
    await until(async () => {
      const drained = (await readTraffic(lab.run)).filter(({ backup }) => backup);
      const seen = drained.map((one) => [one.backend, one.status.slice(0, 2), one.sessions]);
      return isDeepStrictEqual(
        seen,
        spare.map((backend) => [backend, "UP", 2]),
      );
    }, "the old servers are up and say that they have two sessions each");
    // Sessions go on, so the old release does not become idle by itself.
    const busy = await untilIdle(lab.run, backends("r1"), { limitMs: 500, everyMs: 200 });
    expect(busy).toHaveLength(2);
    await retire(lab.run, backends("r1"));
    // Without sessions only what had been sent before is left.
    const rest = { limitMs: 20_000, everyMs: 200, sessions: false };
    expect(await untilIdle(lab.run, backends("r1"), rest)).toEqual([]);
    const retired = (await readTraffic(lab.run)).filter(({ status }) => status === "MAINT");
    expect(retired.map(({ backend }) => backend)).toEqual(spare);
    await stop("r1");
    expect(releaseIn(await ask("scene", agent))).toBe("r2");
    agent.destroy();
    await delay(2000);
    const report = await running.stop();
    expect(report.lostBy).toEqual({});
    expect(report).toMatchObject({ sessionsOpened: 8, sessionsReopened: 4 });
    expect(report.sent).toBeGreaterThan(150);
  });

  it("loses nothing when it goes back at once, and the formal rollback finds that done", async () => {
    const running = load();
    await delay(1000);
    await start("r3");
    await lab.apply(everywhere("r3", "r2"));
    await delay(1500);
    const ways = servers.map((server) => ({
      server,
      from: lab.backend(server, "r3"),
      to: lab.backend(server, "r2"),
    }));
    await fallBack(lab.run, ways);
    expect(releaseIn(await ask())).toBe("r2");
    await fallBack(lab.run, ways);
    const returned = await lab.goBack();
    expect(returned).toMatchObject({ moved: true, inForce: true });
    expect(releaseIn(await ask())).toBe("r2");
    expect(await lab.goBack()).toMatchObject({ moved: false, inForce: true });
    await lab.apply(everywhere("r2", "r1"));
    await stop("r3");
    await delay(1500);
    const report = await running.stop();
    expect(report.lostBy).toEqual({});
    expect(releaseIn(await ask())).toBe("r2");
  });

  it("loses nothing when the old release is stopped while it still has sessions", async () => {
    await start("r6");
    const running = load();
    await delay(1000);
    await lab.apply(everywhere("r6", "r2"));
    await delay(1000);
    // Nobody has retired it: it serves on until the gateway has noticed.
    await stop("r2");
    await start("r2");
    await lab.apply(everywhere("r2", "r6"));
    await stop("r6");
    await delay(1000);
    const report = await running.stop();
    expect(report.lostBy).toEqual({});
    expect(report.sessionsReopened).toBeGreaterThan(0);
  });

  it("falls back to the old release by itself while the new one is dead", async () => {
    await start("r4");
    await lab.apply(everywhere("r4", "r2"));
    const running = load();
    await delay(1500);
    await Promise.all(servers.map((server) => docker("kill", lab.address(server, "r4"))));
    const dead = running.now().seconds * 1000;
    await delay(5000);
    expect(releaseIn(await ask())).toBe("r2");
    const report = await running.stop();
    // Only what had reached a server when it died, which nobody may send again.
    const lost = running.records().filter(({ outcome }) => outcome.kind === "lost");
    expect(lost.filter(({ at }) => at > dead)).toEqual([]);
    expect(report.ok).toBeGreaterThan(report.sent / 2);
    await lab.goBack();
    await Promise.all(servers.map((server) => docker("rm", "-f", lab.address(server, "r4"))));
  });
});

describe("a release before that is gone", () => {
  it("does no harm to check, reload, verify and health, and its sessions end with 404", async () => {
    await lab.apply(everywhere("r2", "never-was"));
    await lab.apply(everywhere("r2", "never-was", "neither"));
    for (const command of [["check", "/etc/haproxy/current"], ["reload"], ["verify"], ["health"]]) {
      const [answer] = await lab.run(["gateway-ctl", ...command]);
      expect(answer?.code, answer?.output).toBe(0);
    }
    expect(releaseIn(await ask())).toBe("r2");
    const stale = await call({
      port: lab.port,
      path: "/scene/mcp",
      body: {},
      headers: { "mcp-session-id": `${lab.backend("scene", "never-was")}.some-id` },
    });
    expect(stale.status).toBe(404);
    expect(JSON.parse(stale.text)).toMatchObject({ error: { code: -32001 } });
  });

  it("leaves nothing but three versions in the volume", async () => {
    expect(await lab.versions()).toEqual(["current", "previous", "v-a", "v-b", "v-c"]);
  });
});

describe("a switch in steps", () => {
  it("follows the weights of the file and then of gateway-ctl", async () => {
    await start("r5");
    await lab.apply(everywhere("r5", "r2"), { r5: 10, r2: 90 });
    const shareOfNew = async () => {
      const answers = await Promise.all(Array.from({ length: 50 }, () => ask()));
      return answers.filter((answer) => releaseIn(answer) === "r5").length * 2;
    };
    const tenth = await shareOfNew();
    expect(tenth).toBeGreaterThanOrEqual(4);
    expect(tenth).toBeLessThanOrEqual(16);
    const [one, two] = [lab.backend("scene", "r5"), lab.backend("scene", "r2")];
    await setWeights(lab.run, "scene", { [one]: 50, [two]: 50 });
    const half = await shareOfNew();
    expect(half).toBeGreaterThanOrEqual(40);
    expect(half).toBeLessThanOrEqual(60);
    await setWeights(lab.run, "scene", { [one]: 100, [two]: 0 });
    expect(await shareOfNew()).toBe(100);
    await expect(setWeights(lab.run, "scene", { nobody: 1 })).rejects.toThrow("No such server");
    await expect(setWeights(lab.run, "scene", { [one]: 257 })).rejects.toThrow("0 to 256");
    await until(
      async () => (await readTraffic(lab.run)).every(({ inFlight }) => inFlight === 0),
      "nothing is under way",
    );
  });
});
