import { join } from "node:path";
import { parseArgs } from "node:util";
import { thisMachine } from "../machine.ts";
import { clusterStatus, loadImages, startCluster, stopCluster } from "./cluster.ts";

const USAGE = `usage: node --import tsx toolchain/kubernetes/main.ts start|stop|status|load [--dir DIR] [IMAGE ...]

  start    a single-node cluster in DIR; prints the path of its KUBECONFIG
  stop     ends it and removes all of it but DIR/logs
  status   running, stopped or broken; exits 0 only when it runs
  load     copies images of the local Docker engine into it

DIR is .toolchain/kubernetes-cluster of the repository unless given.
`;

const say = (line: string): void => void process.stderr.write(`${line}\n`);

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    options: { dir: { type: "string" }, help: { type: "boolean", short: "h" } },
    allowPositionals: true,
  });
  const [command = "", ...references] = positionals;
  const dir = values.dir ?? join(thisMachine(say).cache, "kubernetes-cluster");
  if (values.help === true) {
    process.stdout.write(USAGE);
    return 0;
  }
  switch (command) {
    case "start": {
      const { kubeconfig } = await startCluster({ dir, log: say });
      process.stdout.write(`${kubeconfig}\n`);
      return 0;
    }
    case "stop":
      await stopCluster(dir, say);
      return 0;
    case "status": {
      const { state, cluster, ended, leftovers } = await clusterStatus(dir);
      process.stdout.write(`${state}${cluster === undefined ? "" : ` ${cluster.kubeconfig}`}\n`);
      for (const name of ended) process.stdout.write(`  ended: ${name}\n`);
      for (const line of leftovers) process.stdout.write(`  left: ${line}\n`);
      return state === "running" ? 0 : 1;
    }
    case "load":
      for (const reference of await loadImages(dir, references)) say(`loaded ${reference}`);
      return 0;
    default:
      process.stderr.write(USAGE);
      return 2;
  }
}

main().then(
  (code) => (process.exitCode = code),
  (error: Error) => {
    say(error.message);
    process.exitCode = 1;
  },
);
