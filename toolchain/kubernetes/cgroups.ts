import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { weigh } from "../container-weight.ts";
import { exists } from "../machine.ts";
import { cgroupRoots } from "./leftovers.ts";

/**
 * Makes the cgroup of all pods in every hierarchy; the kubelet wants its root to be there. In version 1 a new group may
 * use no processor and no memory node until it is told which; in version 2 the root has to hand its controllers down.
 * Pods weigh more than what manages them, as they do on a node with systemd.
 */
export async function makeCgroups(name: string): Promise<void> {
  const roots = cgroupRoots(await readFile("/proc/self/mountinfo", "utf8"));
  for (const root of roots) {
    const path = join(root, name);
    await mkdir(path, { recursive: true });
    for (const file of ["cpuset.cpus", "cpuset.mems"]) {
      const version1 = (await exists(join(root, file))) && (await exists(join(path, file)));
      if (version1) await writeFile(join(path, file), await readFile(join(root, file)));
    }
    await handDown(root);
    await handDown(path);
    await weigh(path);
  }
}

async function handDown(path: string): Promise<void> {
  const controllers = await readFile(join(path, "cgroup.controllers"), "utf8").catch(() => "");
  for (const controller of controllers.trim().split(" ")) {
    // Each by itself: one that a process in the way does not let pass must not keep the others back.
    if (controller !== "") {
      await writeFile(join(path, "cgroup.subtree_control"), `+${controller}`).catch(
        () => undefined,
      );
    }
  }
}
