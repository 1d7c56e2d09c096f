import { expect, test } from "vitest";
import { components } from "../../../toolchain/kubernetes/components.ts";
import { layoutOf } from "../../../toolchain/kubernetes/layout.ts";
import { linkCommands, renderMounts } from "../../../toolchain/kubernetes/node.ts";
import {
  renderCni,
  renderContainerd,
  renderCorefile,
  renderKubelet,
  renderProxy,
  SYSCTLS,
} from "../../../toolchain/kubernetes/node-config.ts";

const layout = layoutOf("/it's/here", 207);

test("the kubelet runs on either version of cgroups, in a cgroup of the cluster, and asks nobody anonymous", () => {
  expect(JSON.parse(renderKubelet(layout))).toMatchObject({
    kind: "KubeletConfiguration",
    authentication: { anonymous: { enabled: false }, webhook: { enabled: true } },
    authorization: { mode: "Webhook" },
    cgroupDriver: "cgroupfs",
    cgroupRoot: `/${layout.cgroup}`,
    failCgroupV1: false,
    clusterDNS: ["10.207.2.10"],
    readOnlyPort: 0,
  });
});

test("containerd has its own directories and socket, and no need to lower the OOM score", () => {
  const text = renderContainerd();
  expect(text).toContain('root = "/run/node/containerd"');
  expect(text).toContain('address = "/run/containerd/containerd.sock"');
  expect(text).toContain("restrict_oom_score_adj = true");
});

test("a pod gets its address from the cluster's range and starts when its policies are there", () => {
  const { plugins } = JSON.parse(renderCni(layout)) as { plugins: Record<string, unknown>[] };
  expect(plugins.map(({ type }) => type)).toEqual(["ptp", "portmap", "policy-gate"]);
  expect(plugins[0]).toMatchObject({ ipam: { ranges: [[{ subnet: "10.207.1.0/24" }]] } });
});

test("kube-proxy leaves the machine's table of connections as it is", () => {
  expect(JSON.parse(renderProxy(layout))).toMatchObject({
    mode: "nftables",
    clusterCIDR: "10.207.1.0/24",
    conntrack: { maxPerCore: 0, min: 0 },
  });
});

test("DNS answers the cluster's names and says at once that there are no others", () => {
  const text = renderCorefile();
  expect(text).toContain("kubernetes cluster.local in-addr.arpa ip6.arpa");
  expect(text).toContain("rcode NXDOMAIN");
  expect(text).not.toContain("forward");
});

test("every process has one name, and nobody elects a leader", () => {
  const parts = components(layout);
  expect(new Set(parts.map(({ name }) => name)).size).toBe(parts.length);
  const flags = parts.flatMap(({ command }) => command);
  expect(flags.filter((flag) => flag.startsWith("--leader-elect"))).toEqual([
    "--leader-elect=false",
    "--leader-elect=false",
  ]);
  expect(flags).toContain("--authorization-mode=Node,RBAC");
  expect(flags).toContain("--advertise-address=10.207.0.2");
  // Paths of this machine mean nothing inside.
  expect(flags.filter((flag) => flag.includes(layout.dir))).toEqual([]);
});

test("the node's directories are opened before anything hides them, and kernel settings after /proc is the node's", () => {
  const lines = renderMounts(layout, "/opt/bin").split("\n");
  expect(lines.slice(0, 3)).toEqual([
    "set -e",
    "exec 3<'/it'\\''s/here' 4<'/opt/bin'",
    "mount -t tmpfs -o mode=755 tmpfs /run",
  ]);
  for (const name of Object.keys(SYSCTLS)) {
    expect(lines.filter((line) => line.includes(`/proc/sys/${name}; fi`))).toHaveLength(1);
  }
  expect(lines.at(-1)).toBe("mount --make-rshared /");
});

test("the link belongs to the node, whose address is no loopback address", () => {
  const { here, inside } = linkCommands(layout, { pid: 42, started: "" });
  expect(here[0]).toBe(`link add ${layout.link} type veth peer name eth0 netns 42`);
  expect(here).toContain(`route add 10.207.2.0/24 via 10.207.0.2 dev ${layout.link}`);
  expect(inside).toContain("address add 10.207.0.2/30 dev eth0");
});
