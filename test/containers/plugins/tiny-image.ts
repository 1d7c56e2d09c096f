import { execFileSync } from "node:child_process";
import { readFileSync, realpathSync } from "node:fs";
import { Readable } from "node:stream";
import type Docker from "dockerode";
import { pack } from "tar-stream";

/** Programs of this machine that the image gets. */
const PROGRAMS = ["/usr/bin/sleep", "/usr/bin/true", "/usr/bin/false", "/usr/bin/cat"];

/**
 * Imports an image with a few programs of this machine and the libraries they need: no registry, a
 * second of work. Replaces an image of that name, so give it one that nobody else uses.
 */
export async function importTinyImage(docker: Docker, name: string): Promise<void> {
  const archive = pack();
  for (const directory of ["etc", "tmp", "proc", "sys", "dev", "run"]) {
    archive.entry({ name: directory, type: "directory", mode: 0o755 });
  }
  for (const path of new Set([...PROGRAMS, ...PROGRAMS.flatMap(libraries)])) {
    archive.entry({ name: path.slice(1), mode: 0o755 }, readFileSync(realpathSync(path)));
  }
  archive.finalize();
  const [repo, tag] = name.split(":");
  const stream = await docker.importImage(Readable.from(archive), { repo, tag });
  await new Promise<void>((resolve, reject) => {
    docker.modem.followProgress(stream, (error) => (error ? reject(error) : resolve()));
  });
}

function libraries(program: string): string[] {
  const output = execFileSync("ldd", [program], { encoding: "utf8" });
  return [...output.matchAll(/(\/\S+)/g)].map(([path]) => path);
}
