import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type KubeConfig,
  NetworkingV1Api,
  type V1NetworkPolicySpec,
} from "@kubernetes/client-node";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Cluster, stopCluster } from "../../toolchain/kubernetes/cluster.ts";
import { boxPod, eventually, type Pods } from "./support/pods.ts";
import { NAMESPACE, type Shop, startShop } from "./support/shop.ts";

let dir: string;
let cluster: Cluster;
let config: KubeConfig;
let pods: Pods;
let addresses: Shop["addresses"];

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "fleet-network-"));
  ({ cluster, config, pods, addresses } = await startShop(dir, () => undefined));
});

afterAll(async () => {
  await stopCluster(dir);
  await rm(dir, { recursive: true, force: true });
});

test("pods find a Service by its name, in and across namespaces, and nothing else has one", async () => {
  const service = await pods.core.readNamespacedService({ namespace: NAMESPACE, name: "server" });
  const names = ["server", `server.${NAMESPACE}`, `server.${NAMESPACE}.svc.cluster.local`];
  const address = service.spec?.clusterIP ?? "";
  expect(await pods.box("friend", "resolve", ...names)).toBe(
    names.map((name) => `${name} ${address}`).join("\n"),
  );
  expect(await eventuallyOpen("friend", "server:80")).toBe("server:80 open");
  await expect(pods.box("friend", "resolve", "nowhere.example")).rejects.toThrow(/no such host/);
});

function eventuallyOpen(pod: string, address: string): Promise<string> {
  return eventually(`${pod} reaches ${address}`, 10, async () => {
    const said = await pods.box(pod, "connect", address);
    return said.endsWith(" open") ? said : undefined;
  });
}

test("this machine reaches Services, pods and NodePorts at their addresses, and pods reach this machine", async () => {
  const service = await pods.core.readNamespacedService({ namespace: NAMESPACE, name: "server" });
  const nodePort = `${cluster.nodeAddress}:${service.spec?.ports?.[0]?.nodePort ?? 0}`;
  for (const host of [service.spec?.clusterIP ?? "", `${addresses.server}:8080`, nodePort]) {
    const answer = await fetch(`http://${host}/x`);
    expect(await answer.text()).toBe("server:8080/x\n");
  }
  const here: Server = createServer((_, answer) => answer.end("here"));
  await new Promise<void>((resolve) => here.listen(0, cluster.hostAddress, resolve));
  const address = here.address();
  const port = typeof address === "object" ? (address?.port ?? 0) : 0;
  const target = `${cluster.hostAddress}:${port}`;
  expect(await pods.box("friend", "connect", target)).toBe(`${target} open`);
  here.close();
});

/** What `friend` and `stranger` get of the server's two ports. */
async function matrix(): Promise<readonly string[]> {
  const targets = [`${addresses.server}:8080`, `${addresses.server}:9090`, "server:80"];
  const answers = await Promise.all(
    ["friend", "stranger"].map((name) => pods.box(name, "connect", ...targets)),
  );
  return answers.map((answer) =>
    answer
      .split("\n")
      .map((line) => line.split(" ").slice(1).join(" "))
      .join(", "),
  );
}

async function withPolicy(
  name: string,
  spec: V1NetworkPolicySpec,
  work: () => Promise<void>,
): Promise<void> {
  const networking = config.makeApiClient(NetworkingV1Api);
  await networking.createNamespacedNetworkPolicy({
    namespace: NAMESPACE,
    body: { metadata: { name }, spec },
  });
  try {
    await work();
  } finally {
    await networking.deleteNamespacedNetworkPolicy({ namespace: NAMESPACE, name });
  }
}

/** Policies are enforced within moments; this waits for the matrix to be as given, and shows the last one if not. */
async function expectMatrix(expected: readonly string[]): Promise<void> {
  let last: readonly string[] = [];
  await eventually("matrix", 15, async () => {
    last = await matrix();
    return JSON.stringify(last) === JSON.stringify(expected) ? true : undefined;
  }).catch(() => expect(last).toEqual(expected));
}

const OPEN = "open, open, open";
const DENIED = "closed: denied, closed: denied, closed: denied";
const ONE_PORT = "open, closed: denied, open";

test("without policies everything is open, and an ingress policy lets in whom it names, where it says", async () => {
  await expectMatrix([OPEN, OPEN]);
  const spec: V1NetworkPolicySpec = {
    podSelector: { matchLabels: { app: "server" } },
    policyTypes: ["Ingress"],
    ingress: [
      {
        _from: [{ podSelector: { matchLabels: { app: "friend" } } }],
        ports: [{ port: "http", protocol: "TCP" }],
      },
    ],
  };
  await withPolicy("server", spec, () => expectMatrix([ONE_PORT, DENIED]));
  await expectMatrix([OPEN, OPEN]);
});

test("an egress policy lets out to where it says, DNS included only if it says so", async () => {
  const toServer = { podSelector: { matchLabels: { app: "server" } } };
  const dns = {
    namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "kube-system" } },
    podSelector: { matchLabels: { "k8s-app": "kube-dns" } },
  };
  const spec = (withDns: boolean): V1NetworkPolicySpec => ({
    podSelector: { matchLabels: { app: "friend" } },
    policyTypes: ["Egress"],
    egress: [
      { to: [toServer], ports: [{ port: 8080, protocol: "TCP" }] },
      ...(withDns ? [{ to: [dns], ports: [{ port: 53, protocol: "UDP" }] }] : []),
    ],
  });
  await withPolicy("friend", spec(true), async () => {
    await expectMatrix([ONE_PORT, OPEN]);
    expect(await pods.box("friend", "connect", `${cluster.hostAddress}:1`)).toMatch(/denied$/);
  });
  await withPolicy("friend", spec(false), async () => {
    await eventually("names are not answered", 15, () =>
      pods.box("friend", "resolve", "server").then(
        () => undefined,
        () => true,
      ),
    );
  });
});

test("a policy by address blocks leaves its exceptions out, and default deny closes both ways", async () => {
  const block = { cidr: "10.0.0.0/8", except: [`${addresses.stranger}/32`] };
  const spec = {
    podSelector: {},
    policyTypes: ["Ingress"],
    ingress: [{ _from: [{ ipBlock: block }] }],
  };
  await withPolicy("block", spec, () => expectMatrix([OPEN, DENIED]));
  await withPolicy("deny", { podSelector: {}, policyTypes: ["Ingress", "Egress"] }, async () => {
    await eventually("denied", 15, async () => {
      const said = await pods.box("friend", "connect", `${addresses.server}:8080`);
      return said.endsWith("denied") ? true : undefined;
    });
    // A pod that starts now is isolated from its first packet on.
    const target = `${addresses.server}:8080`;
    const late = boxPod("late", {}, ["connect", target, target, target]);
    await pods.core.createNamespacedPod({ namespace: NAMESPACE, body: late });
    await pods.finished("late");
    const said = await pods.core.readNamespacedPodLog({ namespace: NAMESPACE, name: "late" });
    expect(said.trim().split("\n")).toEqual(Array(3).fill(`${target} closed: denied`));
  });
});
