import { exec, type Container } from "./engine.ts";

export interface ReadinessWatch {
  /** Moment at which each server was first seen not ready: name -> milliseconds since the epoch. */
  readonly unready: Promise<Record<string, number>>;
}

/** Runs inside a container of the servers' network: nobody else may ask `/ready`. */
const script = `
  const servers = JSON.parse(process.argv[1]);
  const ready = async (url) =>
    fetch(url, { signal: AbortSignal.timeout(2000) }).then(({ status }) => status === 200, () => false);
  const end = Date.now() + 60000;
  const until = async (url, wanted) => {
    while ((await ready(url)) !== wanted) {
      if (Date.now() > end) throw new Error(url + ": ready is never " + wanted);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    return Date.now();
  };
  const all = async (wanted) => Object.fromEntries(await Promise.all(
    Object.entries(servers).map(async ([name, url]) => [name, await until(url, wanted)])));
  await all(true);
  console.log("watching");
  console.log(JSON.stringify(await all(false)));
`;

/** Resolves once every server was seen ready; from then on each is asked some ten times a second. */
export async function watchReadiness(
  running: ReadonlyMap<string, Container>,
  servers: readonly { readonly name: string; readonly port: number }[],
): Promise<ReadinessWatch> {
  const urls = Object.fromEntries(
    servers.map(({ name, port }) => [
      name,
      `http://${running.get(name)!.Name.slice(1)}:${port}/ready`,
    ]),
  );
  const from = running.get(servers[0]!.name)!.Id;
  let started = (): void => undefined;
  const watching = new Promise<void>((resolve) => (started = resolve));
  const command = ["node", "--input-type=module", "-e", script, JSON.stringify(urls)];
  const ended = exec(from, command, (line) => {
    if (line === "watching") started();
  }).then(({ code, output }) => {
    if (code !== 0) throw new Error(`watching readiness: ${output}`);
    return JSON.parse(output.split("\n").at(-1)!) as Record<string, number>;
  });
  await Promise.race([watching, ended]);
  return { unready: ended };
}

/** What happens to a connection that a server's container tries to open: `reached`, `silence`, or the error's code. */
export async function connectFrom(id: string, host: string, port: number): Promise<string> {
  const script = `const [host, port] = process.argv.slice(1);
    const socket = require("node:net").connect({ host, port, timeout: 3000 });
    const end = (text) => { console.log(text); process.exit(0); };
    socket.on("connect", () => end("reached"));
    socket.on("timeout", () => end("silence"));
    socket.on("error", ({ code }) => end(code));`;
  return (await exec(id, ["node", "-e", script, host, String(port)])).output;
}
