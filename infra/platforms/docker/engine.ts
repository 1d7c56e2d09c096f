import { createServer } from "node:net";
import Docker from "dockerode";
import { parseImageReference, registryProbeUrl } from "../../../toolchain/image-reference.ts";
import { isReachable } from "../../../toolchain/probe.ts";
import { formatPath, hostPorts, partLimits, type FleetSpec } from "../../config/index.ts";
import { missingImages } from "./missing-images.ts";
import { portHolder } from "./port-holder.ts";

/** Base image that a machine without an image registry makes for itself. */
const localBaseImage = "mcp-fleet/base:trixie";
const officialBaseImage = "debian:trixie-slim";

/** What the program has to know of the Docker engine before it registers anything. */
export class Engine {
  readonly #docker = new Docker();

  /** @throws with the fix, if no engine answers within 5 s. */
  async ping(): Promise<void> {
    const timeout = new Promise<never>((_resolve, reject) => {
      setTimeout(() => reject(new Error("no answer within 5 s")), 5000).unref();
    });
    try {
      await Promise.race([this.#docker.ping(), timeout]);
    } catch (error) {
      const where = process.env["DOCKER_HOST"] ?? "unix:///var/run/docker.sock";
      throw new Error(
        `Docker engine: none answers at ${where} (${(error as Error).message}); ` +
          "start it (./fleet up does, as root on Debian), or point DOCKER_HOST at one that runs",
      );
    }
  }

  async hasImage(reference: string): Promise<boolean> {
    return this.#docker
      .getImage(reference)
      .inspect()
      .then(
        () => true,
        () => false,
      );
  }

  /** Base of every image that is built: what was asked for, else the local one where it was needed, else Debian's. */
  async baseImage(configured: string | undefined): Promise<string> {
    if (configured) return configured;
    return (await this.hasImage(localBaseImage)) ? localBaseImage : officialBaseImage;
  }

  /** Whether Grafana is part of the fleet: asked for, or `auto` and its image can be had. */
  async wantsGrafana({ monitoring: { grafana } }: FleetSpec): Promise<boolean> {
    if (grafana.enabled !== "auto") return grafana.enabled === "yes";
    return (await this.hasImage(grafana.image)) || (await this.#registryAnswers(grafana.image));
  }

  /** Whether the registry that a reference names, or the engine's default one, answers within 2 s. */
  async #registryAnswers(reference: string): Promise<boolean> {
    const info = (await this.#docker.info()) as { IndexServerAddress?: string };
    const url = registryProbeUrl(parseImageReference(reference), info.IndexServerAddress);
    return url !== undefined && (await isReachable(url));
  }

  /** One message with everything for which this machine cannot run the fleet, path and fix; undefined if it can. */
  async objection(fleet: FleetSpec, stack: string, grafana: boolean): Promise<string | undefined> {
    const found = await Promise.all([
      this.#tooManyCpus(fleet, grafana),
      this.#takenPorts(fleet, stack, grafana),
      missingImages(this.#docker, fleet, grafana),
    ]);
    const problems = found.flat();
    return problems.length === 0
      ? undefined
      : `this machine has ${problems.length} problem(s):\n  ${problems.join("\n  ")}`;
  }

  /** The engine refuses a container that may use more CPUs than there are: halfway through an update. */
  async #tooManyCpus(fleet: FleetSpec, grafana: boolean): Promise<string[]> {
    const { NCPU } = (await this.#docker.info()) as { NCPU: number };
    return partLimits(fleet)
      .filter(({ owner }) => grafana || owner !== "grafana")
      .filter(({ cpus }) => cpus > NCPU)
      .map(
        ({ at, cpus }) =>
          `${at.join(".")}.cpus: got ${cpus}, but the Docker engine has ${NCPU} CPU${NCPU === 1 ? "" : "s"}; set it to ${NCPU} or less`,
      );
  }

  /**
   * Host ports of the fleet that some other process holds. Ports that containers of the same stack hold are fine: those
   * are the ones to be replaced.
   */
  async #takenPorts(fleet: FleetSpec, stack: string, grafana: boolean): Promise<string[]> {
    const remote = process.env["DOCKER_HOST"];
    if (remote && !remote.startsWith("unix://")) return [];
    const own = new Set<number>();
    const others = new Map<number, string>();
    for (const container of await this.#docker.listContainers()) {
      for (const { PublicPort } of container.Ports) {
        if (!PublicPort) continue;
        if (container.Labels["mcp-fleet/stack"] === stack) own.add(PublicPort);
        else others.set(PublicPort, `container ${container.Names[0]?.slice(1) ?? container.Id}`);
      }
    }
    const problems = await Promise.all(
      hostPorts(fleet)
        .filter(({ owner }) => grafana || owner !== "grafana")
        .map(async ({ at, hostIp, port, owner }) => {
          if (own.has(port)) return undefined;
          const holder =
            others.get(port) ??
            ((await isFree(hostIp, port)) ? undefined : (portHolder(port) ?? "another process"));
          const fix = at[0] === "servers" ? ", or gateway.serverPortOffset for all of them" : "";
          return (
            holder &&
            `${formatPath(at, fleet)}: port ${port} of ${owner} on ${hostIp} is taken by ${holder}; stop it or set another port${fix}`
          );
        }),
    );
    return problems.filter((problem) => problem !== undefined);
  }
}

function isFree(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once("error", (error: NodeJS.ErrnoException) => resolve(error.code !== "EADDRINUSE"));
    probe.listen({ host, port, exclusive: true }, () => probe.close(() => resolve(true)));
  });
}
