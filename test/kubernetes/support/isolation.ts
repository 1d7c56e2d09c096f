import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";
import { type KubeConfig, NetworkingV1Api, type V1Pod } from "@kubernetes/client-node";
import { labelNames } from "../../../components/platform/labels.ts";
import { isAllowed, type Policy } from "../../components/platform/kubernetes/policy-evaluator.ts";
import { isReady, mainProcess, nameOf } from "./pod-faults.ts";
import type { Pods } from "./pods.ts";

const run = promisify(execFile);

/** Tries all connections at once and prints those that were made. A denied packet is answered or dropped. */
const connector = `
const net = require("node:net");
const tried = JSON.parse(process.argv[1]).map(
  ([address, port]) =>
    new Promise((done) => {
      const socket = net.connect({ host: address, port });
      const end = (open) => (socket.destroy(), done(open));
      socket.setTimeout(1500, () => end(false)).on("connect", () => end(true)).on("error", () => end(false));
    }),
);
Promise.all(tried).then((open) => console.log(JSON.stringify(open)));
`;

interface Isolated {
  readonly pod: V1Pod;
  readonly component: string;
  readonly address: string;
  readonly pid: number;
  /** TCP ports on which others could reach it. */
  readonly listens: ReadonlySet<number>;
}

export interface Isolation {
  /** Connections that were tried. */
  readonly tried: number;
  /** `from to port`, by component, sorted: what packets came through, and what the cluster's policies say. */
  readonly open: readonly string[];
  readonly allowed: readonly string[];
}

/** Tries every port on which anybody listens, from a pod of every component to every pod, with packets. */
export async function isolationOf(config: KubeConfig, pods: Pods): Promise<Isolation> {
  const { namespace } = pods;
  const [{ items }, found] = await Promise.all([
    pods.core.listNamespacedPod({ namespace }),
    config.makeApiClient(NetworkingV1Api).listNamespacedNetworkPolicy({ namespace }),
  ]);
  const policies = found.items.map(({ spec }) => inWords(spec) as Policy);
  const parties = await Promise.all(items.filter(isReady).map(isolated));
  const ports = [...new Set(parties.flatMap(({ listens }) => [...listens]))].sort((a, b) => a - b);
  const sources = parties.filter(
    ({ component }, at) => parties.findIndex((other) => other.component === component) === at,
  );
  const open: string[] = [];
  const allowed: string[] = [];
  let tried = 0;
  for (const from of sources) {
    const targets = parties
      .filter(({ pod }) => nameOf(pod) !== nameOf(from.pod))
      .flatMap((to) => ports.map((port) => ({ to, port })));
    const answers = await connectFrom(
      from.pid,
      targets.map(({ to, port }) => [to.address, port]),
    );
    tried += targets.length;
    targets.forEach(({ to, port }, at) => {
      const edge = `${from.component} ${to.component} ${port}`;
      if (answers[at]) open.push(edge);
      const may = isAllowed(policies, labelsOf(from.pod), labelsOf(to.pod), port);
      if (may && to.listens.has(port)) allowed.push(edge);
    });
  }
  return { tried, open: open.sort(), allowed: allowed.sort() };
}

async function isolated(pod: V1Pod): Promise<Isolated> {
  const pid = await mainProcess(pod);
  const component = labelsOf(pod)[labelNames.component] ?? nameOf(pod);
  return { pod, component, address: pod.status!.podIP!, pid, listens: await listening(pid) };
}

function labelsOf({ metadata }: V1Pod): Record<string, string> {
  return metadata?.labels ?? {};
}

/** As `/proc` lists the sockets of its network namespace: address and port in hexadecimal, 0A is a listener. */
async function listening(pid: number): Promise<ReadonlySet<number>> {
  const tables = await Promise.all(
    ["tcp", "tcp6"].map((name) => readFile(`/proc/${pid}/net/${name}`, "utf8")),
  );
  const loopback = /^(0100007F|00000000000000000000000001000000|0000000000000000FFFF00000100007F)$/;
  return new Set(
    tables
      .flatMap((table) => table.trim().split("\n").slice(1))
      .map((line) => line.trim().split(/\s+/))
      .filter(([, , , state]) => state === "0A")
      .map(([, local = ""]) => local.split(":"))
      .filter(([address = ""]) => !loopback.test(address))
      .map(([, port = ""]) => Number.parseInt(port, 16)),
  );
}

async function connectFrom(
  pid: number,
  targets: readonly (readonly [string, number])[],
): Promise<readonly boolean[]> {
  const command = ["-t", String(pid), "-n", process.execPath, "-e", connector];
  const { stdout } = await run("nsenter", [...command, JSON.stringify(targets)]);
  return JSON.parse(stdout) as boolean[];
}

/** The client's models name what is a keyword elsewhere `_from`. */
function inWords(spec: unknown): unknown {
  return JSON.parse(JSON.stringify(spec).replaceAll('"_from":', '"from":'));
}
