import type { Answer } from "../../../components/health/answer.ts";
import { judge, type JudgeMode } from "../../../components/health/judge.ts";
import {
  probeSchema,
  type Probe,
  type ProbeInput,
} from "../../../components/health/probe.schema.ts";
import { Prober } from "../../../components/health/prober.ts";
import { DockerTransport } from "../../../components/platform/docker/transport.ts";
import { buildImages } from "../../artefacts/database-harness.ts";
import { HealthLab } from "./lab.ts";

/** The lab with a server that works, one that does not, and a database; and ways to ask them. */
export class ProbeLab extends HealthLab {
  readonly #transports: DockerTransport[] = [];

  override async open(): Promise<void> {
    await buildImages(["mcp-server", "haproxy", "postgres", "prometheus"]);
    await super.open();
    await Promise.all([
      this.server("scene"),
      this.server("mute", { FAULT: "no-mcp", DATABASE_HOST: "nowhere.invalid" }),
      this.postgres("scene_a"),
    ]);
  }

  override async close(): Promise<void> {
    await Promise.all(this.#transports.map((transport) => transport.close()));
    await super.close();
  }

  /** The two ways to a container: by its address, and through a helper on its network. */
  transportBy(way: "direct" | "tunnel"): DockerTransport {
    const transport = new DockerTransport({
      stack: this.stack,
      transaction: "t-test",
      helperImage: "mcp-fleet-test/haproxy:latest",
      way,
    });
    this.#transports.push(transport);
    return transport;
  }

  proberBy(way: "direct" | "tunnel" = "direct"): Prober {
    return new Prober({
      transport: this.transportBy(way),
      targets: this.targets,
      secrets: ({ of }) =>
        of === "unknown"
          ? Promise.reject(new Error("no such role"))
          : Promise.resolve(this.password),
    });
  }

  async judged(probes: readonly Probe[], mode: JudgeMode) {
    const prober = this.proberBy();
    try {
      return await judge(probes, mode, { ask: prober.ask });
    } finally {
      prober.close();
    }
  }
}

export type Question = ProbeInput extends infer P
  ? P extends { name: string; subject: string }
    ? Omit<P, "name" | "subject">
    : never
  : never;

export function probe(subject: string, question: Question, name: string = question.kind): Probe {
  return probeSchema.parse({ name: `${subject}/${name}`, subject, ...question });
}

export async function ask(prober: Prober, asked: Probe): Promise<Answer> {
  return prober.ask(asked, AbortSignal.timeout(20_000));
}
