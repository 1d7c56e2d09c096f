import { mkdir, mkdtemp, readdir, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import {
  cgroupRoots,
  cleanUp,
  leftovers,
  mountsBelow,
} from "../../../toolchain/kubernetes/leftovers.ts";
import { identify, isAlive, parseStat } from "../../../toolchain/kubernetes/proc.ts";

const MOUNTINFO = `22 1 254:0 / / rw,relatime - ext4 /dev/vda rw
30 25 0:26 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755
31 30 0:27 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory
44 30 0:40 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw
50 22 0:50 / /data/my\\040cluster/volumes rw - ext4 /dev/vdb rw
51 22 0:51 / /data/my\\040clusters rw - ext4 /dev/vdc rw
`;

async function emptyDir(): Promise<string> {
  const dir = await realpath(await mkdtemp(join(tmpdir(), "fleet-left-")));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  return dir;
}

test("cgroups of both versions are found, whatever they are called", () => {
  expect(cgroupRoots(MOUNTINFO)).toEqual(["/sys/fs/cgroup/memory", "/sys/fs/cgroup/unified"]);
});

test("mounts below a directory are not those of its neighbours", () => {
  expect(mountsBelow(MOUNTINFO, "/data/my cluster")).toEqual(["/data/my cluster/volumes"]);
  expect(mountsBelow(MOUNTINFO, "/data/nowhere")).toEqual([]);
});

test("a process may call itself what it likes", () => {
  const ticks = Array.from({ length: 20 }, (_, index) => String(index)).join(" ");
  const line = `77 (evil) S 1 ) (x) Z 12 ${ticks}`;
  expect(parseStat(line)).toEqual({ state: "Z", parent: 12, ticks: "17" });
  expect(parseStat("")).toBeUndefined();
});

test("a number that another process has now is nobody we know", async () => {
  const self = await identify(process.pid);
  if (self === undefined) throw new Error("this process is not there");
  expect(await isAlive(self)).toBe(true);
  expect(await isAlive({ ...self, started: "another boot 1" })).toBe(false);
  expect(await identify(2 ** 22 + 1)).toBeUndefined();
});

test("clearing up leaves logs and foreign files, and kills nobody who has the number of a dead node", async () => {
  const dir = await emptyDir();
  for (const name of ["run", "etcd/member", "containerd", "logs"]) {
    await mkdir(join(dir, name), { recursive: true });
  }
  await writeFile(join(dir, "logs/etcd.log"), "why it died");
  await writeFile(join(dir, "kubeconfig"), "");
  await writeFile(join(dir, "mine"), "");
  await writeFile(
    join(dir, "run/node.json"),
    JSON.stringify({ pid: process.pid, started: "before the reboot" }),
  );
  expect(await leftovers(dir)).toEqual(
    ["containerd", "etcd", "run", "kubeconfig"].map((name) => `file ${join(dir, name)}`),
  );
  await cleanUp(dir);
  expect((await readdir(dir)).sort()).toEqual(["logs", "mine"]);
  expect(await leftovers(dir)).toEqual([]);
  await cleanUp(dir);
});
