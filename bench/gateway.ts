import { Agent, request } from "node:http";
import Docker from "dockerode";
import { table } from "../infra/cli/table.ts";
import { sessionCall, statelessCall, statelessList, type Call } from "./calls.ts";
import { fire, type Fired } from "./load/wrk.ts";
import { fleet, median, quantile, stackOfArguments } from "./stack.ts";

/** Rounds of single calls; every round visits each way once, in turn, so that drift of the machine hits all alike. */
const latencyRounds = 10;
const callsPerRound = 200;
const warmUpCalls = 100;

const loadRounds = 5;
const loadSeconds = 5;
/** A server that has answered a few calls only still runs uncompiled code. */
const warmUpSeconds = 15;
const connections = 16;

/** One way from the load generator to the same server. */
interface Way {
  readonly name: string;
  readonly call: Call;
}

interface Latency {
  readonly p50: number;
  readonly p99: number;
}

interface Outputs {
  readonly gatewayUrl: string;
  readonly servers: Readonly<Record<string, string>>;
  readonly tokens: Readonly<Record<string, { readonly primary: string }>>;
}

/** Address of a component on the network of the servers; on Linux the host reaches it. */
async function addressOf(stack: string, component: string): Promise<{ ip: string; port: number }> {
  const docker = new Docker();
  const label = [`mcp-fleet/stack=${stack}`, `mcp-fleet/component=${component}`];
  const [container] = await docker.listContainers({ filters: { label } });
  if (!container) throw new Error(`stack ${stack} runs no ${component}; ./fleet up starts it`);
  const info = await docker.getContainer(container.Id).inspect();
  const network = Object.entries(info.NetworkSettings.Networks).find(([name]) =>
    /-mcp-[0-9a-f]+$/.test(name),
  );
  const port = info.Config.Env.find((entry) => entry.startsWith("PORT="))?.slice(5);
  return { ip: network![1].IPAddress, port: Number(port ?? 8080) };
}

const agent = new Agent({ keepAlive: true, maxSockets: 1 });

/** One call over a kept-alive connection; milliseconds from the request to the last byte of its answer. */
function timed({ url, headers, body }: Call): Promise<number> {
  return new Promise((resolve, reject) => {
    const started = performance.now();
    const outgoing = request(
      url,
      {
        method: "POST",
        agent,
        headers: { ...headers, "content-length": String(Buffer.byteLength(body)) },
      },
      (response) => {
        response.resume();
        response.on("end", () =>
          response.statusCode === 200
            ? resolve(performance.now() - started)
            : reject(new Error(`${url} answered ${response.statusCode}`)),
        );
      },
    );
    outgoing.on("error", reject);
    outgoing.end(body);
  });
}

/** Latency of every way at concurrency 1: medians of the rounds' p50 and p99, milliseconds. */
async function latencies(ways: readonly Way[]): Promise<Record<string, Latency>> {
  const rounds = new Map(ways.map(({ name }): [string, Latency[]] => [name, []]));
  for (const { call } of ways) for (let n = 0; n < warmUpCalls; n += 1) await timed(call);
  for (let round = 0; round < latencyRounds; round += 1) {
    for (let turn = 0; turn < ways.length; turn += 1) {
      const { name, call } = ways[(round + turn) % ways.length]!;
      const samples: number[] = [];
      for (let n = 0; n < callsPerRound; n += 1) samples.push(await timed(call));
      rounds.get(name)!.push({ p50: quantile(samples, 0.5), p99: quantile(samples, 0.99) });
    }
  }
  return Object.fromEntries(
    [...rounds].map(([name, all]) => [
      name,
      { p50: median(all.map(({ p50 }) => p50)), p99: median(all.map(({ p99 }) => p99)) },
    ]),
  );
}

/** Calls per second over 16 connections, spread over the given calls: median of the rounds. */
async function load(calls: readonly Call[]): Promise<Fired> {
  await fire(calls, { connections, seconds: warmUpSeconds });
  const rounds: Fired[] = [];
  for (let round = 0; round < loadRounds; round += 1) {
    rounds.push(await fire(calls, { connections, seconds: loadSeconds }));
  }
  return {
    callsPerSecond: median(rounds.map(({ callsPerSecond }) => callsPerSecond)),
    p99: median(rounds.map(({ p99 }) => p99)),
    failed: rounds.reduce((sum, { failed }) => sum + failed, 0),
  };
}

const ms = (value: number): string => `${value.toFixed(2)} ms`;

const stack = stackOfArguments(process.argv);
const { stdout } = await fleet("outputs", "--stack", stack, "--json", "--show-secrets");
const outputs = JSON.parse(stdout) as Outputs;
const token = Object.values(outputs.tokens)[0]!.primary;
const names = Object.keys(outputs.servers).sort();
const name = names.includes("scene") ? "scene" : names[0]!;
const [server, gateway] = await Promise.all([addressOf(stack, name), addressOf(stack, "gateway")]);
const direct = `http://${server.ip}:${server.port}/mcp`;
const inner = `http://${gateway.ip}:8080`;

const eras: Record<string, (url: string, token?: string) => Call | Promise<Call>> = {
  "2026-07-28": statelessCall,
  "2025-11-25": sessionCall,
};
const latency: Record<string, Record<string, Latency>> = {};
for (const [era, callOf] of Object.entries(eras)) {
  latency[era] = await latencies([
    { name: "server", call: await callOf(direct) },
    { name: "gateway", call: await callOf(`${inner}/${name}/mcp`, token) },
    { name: "published port", call: await callOf(outputs.servers[name]!, token) },
  ]);
}
const through = (some: readonly string[], callOf: typeof statelessCall): Call[] =>
  some.map((each) => callOf(`${inner}/${each}/mcp`, token));
const two = names.slice(0, 2);
const loads: Record<string, Fired> = {
  "tools/list, one server alone": await load([statelessList(direct)]),
  "tools/list, gateway, one server": await load(through([name], statelessList)),
  "tools/list, gateway, two servers": await load(through(two, statelessList)),
  "tools/list, gateway, all servers": await load(through(names, statelessList)),
  "tools/call, one server alone": await load([statelessCall(direct)]),
  "tools/call, gateway, one server": await load(through([name], statelessCall)),
  "tools/call, gateway, two servers": await load(through(two, statelessCall)),
  "tools/call, gateway, all servers": await load(through(names, statelessCall)),
};
agent.destroy();

console.log(
  table([
    ["concurrency 1", "way", "p50", "p99", "adds p50", "adds p99", "ratio p50"],
    ...Object.entries(latency).flatMap(([era, ways]) =>
      Object.entries(ways).map(([way, { p50, p99 }]) => {
        const from = ways["server"]!;
        const adds = [ms(p50 - from.p50), ms(p99 - from.p99), (p50 / from.p50).toFixed(2)];
        return [era, way, ms(p50), ms(p99), ...(way === "server" ? [] : adds)];
      }),
    ),
  ]),
);
console.log("");
console.log(
  table([
    [`concurrency ${connections}`, "calls/s", "p99", "failed"],
    ...Object.entries(loads).map(([way, { callsPerSecond, p99, failed }]) => [
      way,
      callsPerSecond.toFixed(0),
      ms(p99),
      String(failed),
    ]),
  ]),
);
console.log("");
console.log(JSON.stringify({ stack, server: name, latencyMs: latency, load: loads }));
