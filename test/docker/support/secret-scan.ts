import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { docker, exec, objectsOf } from "./engine.ts";

/** A place that secrets must not reach, with everything that can be read there. */
export interface Place {
  readonly where: string;
  readonly text: string;
}

/** Every place where a secret shows, in clear or in base64: `<secret> in <place>`. Values are never part of it. */
export function secretHits(
  secrets: ReadonlyMap<string, string>,
  places: readonly Place[],
): string[] {
  const forms = [...secrets].flatMap(([name, value]) => [
    { name, form: value },
    { name: `${name} (base64)`, form: Buffer.from(value).toString("base64").replace(/=+$/, "") },
  ]);
  return places.flatMap(({ where, text }) =>
    forms.filter(({ form }) => text.includes(form)).map(({ name }) => `${name} in ${where}`),
  );
}

/** Every file below a directory, byte by byte. */
export function filesBelow(directory: string): Place[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => ({ where: path, text: readFileSync(path, "latin1") }));
}

/** What the engine shows of a stack to everybody who may ask it: definitions, logs, environments, process lists. */
export async function engineShows(stack: string): Promise<Place[]> {
  const { containers, networks, volumes } = await objectsOf(stack);
  const places: Promise<Place[]>[] = [
    ...containers.map(containerShows),
    ...networks.map(async (id) => [
      { where: `network ${id}`, text: JSON.stringify(await docker.getNetwork(id).inspect()) },
    ]),
    ...volumes.map(async (name) => [
      { where: `volume ${name}`, text: JSON.stringify(await docker.getVolume(name).inspect()) },
    ]),
  ];
  return (await Promise.all(places)).flat();
}

async function containerShows(id: string): Promise<Place[]> {
  const container = docker.getContainer(id);
  const info = await container.inspect();
  const place = (what: string, text: string): Place => ({ where: `${what} of ${info.Name}`, text });
  const logs = await container.logs({ stdout: true, stderr: true });
  const always = [place("inspect", JSON.stringify(info)), place("logs", logs.toString("latin1"))];
  if (!info.State.Running) return always;
  const [environ, processes] = await Promise.all([
    exec(id, ["cat", "/proc/1/environ"]),
    container.top({ ps_args: "-ef" }) as Promise<unknown>,
  ]);
  if (environ.code !== 0) throw new Error(`/proc/1/environ of ${info.Name}: ${environ.output}`);
  return [
    ...always,
    place("environment", environ.output),
    place("process list", JSON.stringify(processes)),
  ];
}
