import { createHash } from "node:crypto";
import { createWriteStream } from "node:fs";
import { readFile } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import tar from "tar-stream";
import { BOX_IMAGE, COREDNS_IMAGE } from "./versions.ts";

/** An image that holds one static program and nothing else. */
export interface ImageSpec {
  readonly reference: string;
  /** The program, on this machine. */
  readonly program: string;
  /** Its path in the image. */
  readonly path: string;
  /** Further names of it. */
  readonly links: readonly string[];
  readonly command: readonly string[];
}

/** The images of the cluster's own pods. */
export function systemImages(bin: string): readonly ImageSpec[] {
  return [
    {
      reference: BOX_IMAGE,
      program: `${bin}/box`,
      path: "box",
      // The provisioner calls its helper by a path alone.
      links: ["volume"],
      command: ["pause"],
    },
    {
      reference: COREDNS_IMAGE,
      program: `${bin}/coredns`,
      path: "coredns",
      links: [],
      command: [],
    },
  ];
}

/** Configuration of an image; `layer` is the SHA-256 of its one layer, in hex. */
export function renderImageConfig(image: ImageSpec, layer: string, architecture: string): string {
  return JSON.stringify({
    architecture,
    os: "linux",
    config: { Entrypoint: [`/${image.path}`], Cmd: image.command, Env: ["PATH=/"] },
    rootfs: { type: "layers", diff_ids: [`sha256:${layer}`] },
  });
}

/** Name that image configurations have for a processor of Node.js. */
function architectureOf(arch: string): string {
  return arch === "x64" ? "amd64" : arch;
}

async function layerOf(image: ImageSpec): Promise<Buffer> {
  const pack = tar.pack();
  const program = await readFile(image.program);
  pack.entry({ name: image.path, mode: 0o755, mtime: new Date(0) }, program);
  for (const name of image.links) {
    pack.entry({ name, type: "symlink", linkname: image.path, mtime: new Date(0) });
  }
  pack.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of pack) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** Writes an archive that `docker load` and `ctr images import` read. */
export async function writeArchive(images: readonly ImageSpec[], file: string): Promise<void> {
  const pack = tar.pack();
  const written = pipeline(pack, createWriteStream(file));
  const manifest: object[] = [];
  for (const image of images) {
    const layer = await layerOf(image);
    const digest = createHash("sha256").update(layer).digest("hex");
    const config = renderImageConfig(image, digest, architectureOf(process.arch));
    const name = `${createHash("sha256").update(config).digest("hex")}.json`;
    pack.entry({ name, mtime: new Date(0) }, config);
    pack.entry({ name: `${digest}.tar`, mtime: new Date(0) }, layer);
    manifest.push({ Config: name, RepoTags: [image.reference], Layers: [`${digest}.tar`] });
  }
  pack.entry({ name: "manifest.json", mtime: new Date(0) }, JSON.stringify(manifest));
  pack.finalize();
  await written;
}
