import Docker from "dockerode";
import type { Judge } from "./release/gate.ts";
import type { ReleaseEvent } from "./release/link.ts";

export function healthJudge(tell: (event: ReleaseEvent) => void): Judge {
  return async (gate, { guards }) => {
    tell({ kind: "phase", phase: gate === "private" ? "gate" : "watch" });
    const docker = new Docker();
    const reasons: string[] = [];
    for (const [name, id] of Object.entries(guards)) {
      const { State, Config } = await docker.getContainer(id).inspect();
      if (!State.Running || Config.Env.some((e) => e === "FAULT=unready"))
        reasons.push(`${name}: ${State.Status}`);
    }
    const verdict = { pass: reasons.length === 0, reasons, subjects: [], probes: [] };
    tell({ kind: "verdict", gate, verdict });
    return verdict;
  };
}
