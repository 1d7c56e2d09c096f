import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { copyFileSync, writeFileSync } from "node:fs";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { connect, createServer as createTcpServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  AutoscalingV2Api,
  AppsV1Api,
  CustomObjectsApi,
  type KubeConfig,
  Log,
  PortForward,
  StorageV1Api,
} from "@kubernetes/client-node";
import { PassThrough } from "node:stream";
import { afterAll, beforeAll, expect, test } from "vitest";
import { thisMachine } from "../../toolchain/machine.ts";
import {
  type Cluster,
  clusterStatus,
  killComponent,
  loadImages,
  reviveComponent,
  startCluster,
  stopCluster,
} from "../../toolchain/kubernetes/cluster.ts";
import { notedNode } from "../../toolchain/kubernetes/node.ts";
import { programsDir } from "../../toolchain/kubernetes/programs.ts";
import { machineState, type MachineState, processNamespace } from "./support/machine-state.ts";
import { boxPod, eventually, Pods } from "./support/pods.ts";
import { configOf, NAMESPACE, startShop } from "./support/shop.ts";

const IMAGE = `mcp-fleet-test/box:${randomBytes(4).toString("hex")}`;

let dir: string;
let before: MachineState;
let config: KubeConfig;
let cluster: Cluster;
let pods: Pods;
const namespaces: string[] = [];
const lines: string[] = [];
const log = (line: string): void => void lines.push(line);

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "fleet-cluster-"));
  before = machineState(dir, namespaces);
  ({ cluster, config, pods } = await startShop(dir, log));
  await noteNamespace();
});

async function noteNamespace(): Promise<void> {
  const node = await notedNode(dir);
  namespaces.push(processNamespace(node?.pid ?? 0));
}

afterAll(async () => {
  await stopCluster(dir);
  await rm(dir, { recursive: true, force: true });
  execFileSync("docker", ["image", "rm", "--force", IMAGE], { stdio: "ignore" });
});

test("a started cluster is ready, says so, and is not started twice", async () => {
  const seconds = Number(/cluster: ready after ([\d.]+) s/.exec(lines.join("\n"))?.[1]);
  expect(seconds).toBeLessThanOrEqual(30);
  expect(await clusterStatus(dir)).toMatchObject({ state: "running", ended: [] });
  const again = await startCluster({ dir, log });
  expect(again).toEqual(cluster);
  expect(lines.at(-1)).toContain("runs already");
  const { items } = await config.makeApiClient(StorageV1Api).listStorageClass();
  expect(
    items.map(({ metadata, volumeBindingMode }) => [
      metadata?.name,
      metadata?.annotations?.["storageclass.kubernetes.io/is-default-class"],
      volumeBindingMode,
    ]),
  ).toEqual([["local-path", "true", "WaitForFirstConsumer"]]);
});

test("Pod Security refuses what `restricted` forbids", async () => {
  const body = boxPod("root", {}, ["pause"]);
  if (body.spec?.securityContext) body.spec.securityContext.runAsNonRoot = false;
  await expect(pods.core.createNamespacedPod({ namespace: NAMESPACE, body })).rejects.toThrow(
    /violates PodSecurity .*restricted.*runAsNonRoot/,
  );
});

test("a volume of the default class keeps what is written when its pod is replaced", async () => {
  await pods.core.createNamespacedPersistentVolumeClaim({
    namespace: NAMESPACE,
    body: {
      metadata: { name: "data" },
      spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "10Mi" } } },
    },
  });
  const volumes = [{ name: "data", persistentVolumeClaim: { claimName: "data" } }];
  const more = { volumes, mount: "/data" };
  const write = boxPod("writer", {}, ["write", "/data/note", "kept"], more);
  await pods.core.createNamespacedPod({ namespace: NAMESPACE, body: write });
  await pods.finished("writer");
  await pods.core.deleteNamespacedPod({ namespace: NAMESPACE, name: "writer" });
  await pods.run(boxPod("reader", {}, ["pause"], more));
  expect(await pods.box("reader", "read", "/data/note")).toBe("kept");
  await pods.core.deleteNamespacedPod({ namespace: NAMESPACE, name: "reader" });
  await pods.core.deleteNamespacedPersistentVolumeClaim({ namespace: NAMESPACE, name: "data" });
  await eventually("the volume's directory is removed", 60, async () =>
    (await readdir(join(dir, "volumes"))).length === 0 ? true : undefined,
  );
});

test("the metrics API tells what pods use, and an autoscaler acts on it", async () => {
  const apps = config.makeApiClient(AppsV1Api);
  const template = boxPod("burner", { app: "burner" }, ["burn", "10m"]);
  await apps.createNamespacedDeployment({
    namespace: NAMESPACE,
    body: {
      metadata: { name: "burner" },
      spec: {
        selector: { matchLabels: { app: "burner" } },
        template: {
          metadata: { labels: { app: "burner" } },
          spec: {
            ...template.spec,
            restartPolicy: "Always",
            containers: template.spec?.containers ?? [],
          },
        },
      },
    },
  });
  const autoscaling = config.makeApiClient(AutoscalingV2Api);
  await autoscaling.createNamespacedHorizontalPodAutoscaler({
    namespace: NAMESPACE,
    body: {
      metadata: { name: "burner" },
      spec: {
        scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: "burner" },
        minReplicas: 1,
        maxReplicas: 2,
        metrics: [
          {
            type: "Resource",
            resource: { name: "cpu", target: { type: "Utilization", averageUtilization: 50 } },
          },
        ],
      },
    },
  });
  const custom = config.makeApiClient(CustomObjectsApi);
  const metrics = {
    group: "metrics.k8s.io",
    version: "v1beta1",
    namespace: NAMESPACE,
    plural: "pods",
  };
  await eventually("metrics of the pod", 90, async () => {
    const { items } = (await custom.listNamespacedCustomObject(metrics)) as {
      items: { metadata: { name: string } }[];
    };
    return items.some(({ metadata }) => metadata.name.startsWith("burner-")) ? true : undefined;
  });
  await eventually("a second replica", 120, async () => {
    const { status } = await apps.readNamespacedDeployment({
      namespace: NAMESPACE,
      name: "burner",
    });
    return status?.replicas === 2 ? true : undefined;
  });
  await autoscaling.deleteNamespacedHorizontalPodAutoscaler({
    namespace: NAMESPACE,
    name: "burner",
  });
  await apps.deleteNamespacedDeployment({ namespace: NAMESPACE, name: "burner" });
});

test("logs are followed and ports forwarded", async () => {
  const out = new PassThrough();
  let text = "";
  out.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
  const follow = await new Log(config).log(NAMESPACE, "server", "box", out, { follow: true });
  await eventually("the pod's log", 10, () =>
    Promise.resolve(text === "serving on 8080, 9090\n" ? true : undefined),
  );
  follow.abort();

  const forward = new PortForward(config);
  const tunnel = createTcpServer((socket) => {
    void forward.portForward(NAMESPACE, "server", [8080], socket, null, socket);
  });
  await new Promise<void>((resolve) => tunnel.listen(0, "127.0.0.1", resolve));
  const address = tunnel.address();
  const port = address !== null && typeof address === "object" ? address.port : 0;
  const answer = await new Promise<string>((resolve, reject) => {
    let said = "";
    const socket = connect(port, "127.0.0.1", () =>
      socket.write("GET /far HTTP/1.0\r\nHost: x\r\n\r\n"),
    );
    socket.setEncoding("utf8").on("data", (chunk: string) => {
      said += chunk;
      if (said.includes("server:8080/far")) {
        resolve(said);
        socket.destroy();
      }
    });
    socket.on("error", reject);
    socket.on("close", () => resolve(said));
  });
  tunnel.close();
  expect(answer).toContain("server:8080/far");
});

test("images of the local Docker engine are loaded once, and pods run them", async () => {
  const context = await mkdtemp(join(tmpdir(), "fleet-image-"));
  copyFileSync(join(programsDir(thisMachine(log)), "box"), join(context, "box"));
  writeFileSync(join(context, "Dockerfile"), 'FROM scratch\nCOPY box /box\nENTRYPOINT ["/box"]\n');
  execFileSync("docker", ["build", "--quiet", "--tag", IMAGE, context]);
  await rm(context, { recursive: true });
  expect(await loadImages(dir, [IMAGE])).toEqual([IMAGE]);
  expect(await loadImages(dir, [IMAGE])).toEqual([]);
  await expect(loadImages(dir, ["mcp-fleet-test/none:1"])).rejects.toThrow(
    /none:1.*; build or pull/s,
  );
  await pods.run(boxPod("loaded", {}, ["pause"], { image: IMAGE }));
});

test("a killed kubelet is started again, and its pods have not noticed", async () => {
  const started = async (): Promise<unknown> => {
    const pod = await pods.core.readNamespacedPod({ namespace: NAMESPACE, name: "server" });
    return pod.status?.containerStatuses?.map(({ containerID, restartCount }) => [
      containerID,
      restartCount,
    ]);
  };
  const first = await started();
  await killComponent(dir, "kubelet");
  await eventually("status without kubelet", 5, async () =>
    (await clusterStatus(dir)).state === "broken" ? true : undefined,
  );
  expect(await clusterStatus(dir)).toMatchObject({ state: "broken", ended: ["kubelet"] });
  const service = await pods.core.readNamespacedService({ namespace: NAMESPACE, name: "server" });
  expect((await fetch(`http://${service.spec?.clusterIP ?? ""}/`)).status).toBe(200);
  await reviveComponent(dir, "kubelet");
  await pods.run(boxPod("after", {}, ["pause"]));
  expect(await started()).toEqual(first);
  expect((await clusterStatus(dir)).state).toBe("running");
});

test("after a kill -9 of everything a start clears up and begins anew", async () => {
  const node = await notedNode(dir);
  process.kill(node?.pid ?? 0, "SIGKILL");
  await eventually("status", 10, async () => {
    const { state, leftovers } = await clusterStatus(dir);
    return state === "broken" && leftovers.length > 0 ? true : undefined;
  });
  cluster = await startCluster({ dir, log });
  await noteNamespace();
  expect(lines.some((line) => line.includes("removing what an earlier one left"))).toBe(true);
  const { items } = await new Pods(configOf(cluster), "x").core.listNamespace();
  expect(items.map(({ metadata }) => metadata?.name)).not.toContain(NAMESPACE);
});

test("a stop leaves logs and nothing else on the machine, and a second one is no error", async () => {
  const running = machineState(dir, namespaces);
  expect(running.processes.length).toBeGreaterThan(10);
  expect(running.interfaces).toHaveLength(1);
  expect(running.cgroups).not.toEqual([]);
  await stopCluster(dir, log);
  expect(machineState(dir, namespaces)).toEqual(before);
  expect(await readdir(dir)).toEqual(["logs"]);
  expect(await clusterStatus(dir)).toEqual({ state: "stopped", ended: [], leftovers: [] });
  await stopCluster(dir, log);
});
