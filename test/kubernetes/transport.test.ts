import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { KubernetesTransport } from "../../components/platform/kubernetes/transport.ts";
import type { Target } from "../../components/platform/transport.ts";
import { makeSet, openLab, type Lab } from "./support/lab.ts";
import { eventually } from "./support/pods.ts";

let lab: Lab;
let transport: KubernetesTransport;
const target = (component: string, workload = component): Target => ({ component, workload });
const whole = (host: string) => `${host}.${lab.namespace}.svc.cluster.local`;

beforeAll(async () => {
  lab = await openLab();
  transport = new KubernetesTransport(lab.client);
  const env = [{ name: "KEY", value: "hush" }];
  await makeSet(lab, "shop", { replicas: 2, args: ["serve", "8080"], over: { env } });
  await eventually("the shop runs", 60, async () =>
    (await transport.state(target("shop"))).running ? true : undefined,
  );
});
afterAll(() => lab.close());

/** What a server says at a path, by a connection of its own. */
async function asked(to: Target, port = 8080): Promise<string> {
  const stream = await transport.dial(to, port);
  stream.write("GET /x HTTP/1.0\r\n\r\n");
  let text = "";
  for await (const chunk of stream) text += String(chunk);
  return text.trim().split("\n").at(-1)!;
}

describe("what runs", () => {
  it("is running, healthy and of a certain age", async () => {
    const state = await transport.state(target("shop", whole("shop")));
    expect(state).toMatchObject({
      ...{ running: true, terminal: false, health: "healthy", restarts: 0 },
      detail: "has 2 of 2 pods running",
    });
    expect(Date.now() - Date.parse(state.created!)).toBeLessThan(120_000);
    expect(Date.parse(state.since!)).toBeGreaterThanOrEqual(Date.parse(state.created!));
  });

  it("is dialled one pod after the other, or the one that is named", async () => {
    const shop = target("shop", whole("shop"));
    const answers = [await asked(shop), await asked(shop), await asked(shop)];
    expect(new Set(answers)).toEqual(new Set(["shop-0:8080/x", "shop-1:8080/x"]));
    const one = target("shop", whole("shop-1.shop"));
    expect([await asked(one), await asked(one)]).toEqual(["shop-1:8080/x", "shop-1:8080/x"]);
    expect((await transport.state(one)).detail).toBe("has 1 of 1 pod running");
  });

  it("refuses connections to a port that nobody listens on", async () => {
    const refused = { code: "ECONNREFUSED" };
    await expect(transport.dial(target("shop"), 81, { sure: true })).rejects.toMatchObject(refused);
    await expect(asked(target("shop"), 81)).rejects.toMatchObject(refused);
    const stream = await transport.dial(target("shop"), 8080, { sure: true });
    stream.destroy();
  });

  it("runs commands, in one pod or in all", async () => {
    const read = ["/box", "read", "/etc/hostname"];
    expect(await transport.exec(target("shop"), read)).toEqual({ code: 0, output: "shop-0\n" });
    expect(await transport.execAll(target("shop"), read)).toEqual([
      { code: 0, output: "shop-0\n" },
      { code: 0, output: "shop-1\n" },
    ]);
    const wrong = await transport.exec(target("shop"), ["/box", "nothing"]);
    expect(wrong).toMatchObject({ code: 1, output: 'box: no program "nothing"\n' });
    expect((await transport.exec(target("shop"), ["nothing"])).code).toBe(127);
  });

  it("is not waited for longer than the caller wants", async () => {
    const signal = AbortSignal.timeout(500);
    const started = Date.now();
    await expect(
      transport.exec(target("shop"), ["/box", "burn", "20s"], { signal }),
    ).rejects.toThrow(/aborted|timeout/);
    expect(Date.now() - started).toBeLessThan(5000);
  });

  it("tells its logs by pod, and all about itself but values of its environment", async () => {
    expect(await transport.logs(target("shop"), 5)).toBe(
      "shop-0: serving on 8080\nshop-1: serving on 8080",
    );
    const described = JSON.stringify(await transport.inspect(target("shop")));
    expect(described).toContain('"KEY"');
    expect(described).not.toContain("hush");
  });
});

it("tells apart what never was, and what is not running", async () => {
  const nobody = target("nobody");
  expect(await transport.state(nobody)).toMatchObject({ terminal: true, detail: "does not exist" });
  await expect(transport.dial(nobody, 1)).rejects.toThrow("nobody: nobody does not exist");
  await makeSet(lab, "none", { replicas: 0, args: ["serve"] });
  await expect(transport.dial(target("none"), 1)).rejects.toMatchObject({ code: "ECONNREFUSED" });
  await expect(transport.execAll(target("none"), ["x"])).rejects.toThrow("none is not running");
});

describe("what will not come by itself is known for good", () => {
  const memory = { requests: { memory: "900Gi", cpu: "1m" } };
  const secretRef = { name: "not-there" };
  it.each<[string, Parameters<typeof makeSet>[2], number, RegExp]>([
    [
      "no-image",
      { args: [], image: "nowhere.invalid/x:1", over: { imagePullPolicy: "IfNotPresent" } },
      20,
      /cannot get its image nowhere.invalid\/x:1 \((ErrImagePull|ImagePullBackOff)\): .*nowhere.invalid.*; the nodes do not reach its registry/,
    ],
    [
      "no-secret",
      { args: ["pause"], over: { envFrom: [{ secretRef }] } },
      20,
      /"not-there" not found/,
    ],
    ["no-room", { args: ["pause"], over: { resources: memory } }, 40, /Insufficient memory/],
    ["crashing", { args: ["nothing"] }, 60, /ended with code 1/],
    ["unsafe", { args: ["pause"], over: { securityContext: {} } }, 20, /violates PodSecurity/],
  ])("%s", async (name, set, seconds, words) => {
    await makeSet(lab, name, set);
    const state = await eventually("it is given up", seconds, async () => {
      const found = await transport.state(target(name));
      return found.terminal ? found : undefined;
    });
    expect(state).toMatchObject({ running: false });
    expect(state.detail).toMatch(words);
  });

  it("over quota", async () => {
    await lab.client.api.post(lab.client.path("v1", "resourcequotas"), {
      metadata: { name: "small" },
      spec: { hard: { "requests.memory": "1Mi" } },
    });
    await makeSet(lab, "greedy", { args: ["pause"] });
    const state = await eventually("it is given up", 20, async () => {
      const found = await transport.state(target("greedy"));
      return found.terminal ? found : undefined;
    });
    expect(state.detail).toContain("exceeded quota: small");
  });
});
