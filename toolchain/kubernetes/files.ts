import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { makeCertificates } from "./certificates.ts";
import { writeKubeconfigs } from "./kubeconfig.ts";
import { type Layout, NODE_DIR, STATE_DIRS } from "./layout.ts";
import { renderProvisioner, renderVolumePod } from "./manifests.ts";
import { renderCni, renderContainerd, renderKubelet, renderProxy } from "./node-config.ts";
import { BOX_IMAGE } from "./versions.ts";

/** Writes everything that the node's programs read. */
export async function writeFiles(layout: Layout): Promise<void> {
  for (const name of [...STATE_DIRS, "logs", "config/cni"]) {
    await mkdir(join(layout.dir, name), { recursive: true, mode: 0o700 });
  }
  const config = (name: string, text: string): Promise<void> =>
    writeFile(join(layout.dir, "config", name), text);
  await Promise.all([
    config("containerd.toml", renderContainerd()),
    config("cni/10-pods.conflist", renderCni(layout)),
    config("kubelet.json", renderKubelet(layout)),
    config("proxy.json", renderProxy(layout)),
    config("provisioner.json", renderProvisioner(`${NODE_DIR}/volumes`)),
    config("volume-pod.yaml", renderVolumePod(BOX_IMAGE)),
    config("resolv.conf", ""),
    makeCertificates(layout).then(() => writeKubeconfigs(layout)),
  ]);
}

/** What a running cluster tells other processes about itself. */
interface Note {
  readonly block: number;
}

/** Marks the cluster as ready. */
export async function writeNote(layout: Layout): Promise<void> {
  const note: Note = { block: layout.block };
  await writeFile(join(layout.dir, "cluster.json"), JSON.stringify(note));
}

/** The mark of a cluster that became ready; undefined when there is none. */
export async function readNote(dir: string): Promise<Note | undefined> {
  const text = await readFile(join(dir, "cluster.json"), "utf8").catch(() => undefined);
  return text === undefined ? undefined : (JSON.parse(text) as Note);
}
