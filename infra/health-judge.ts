import Docker from "dockerode";
import type { Judge } from "./release/gate.ts";
import type { Link } from "./release/link.ts";

export function healthJudge(link: Link | undefined): Judge {
  return async (gate, { guards }) => {
    link?.tell({ kind: "phase", phase: gate === "private" ? "gate" : "watch" });
    const docker = new Docker();
    const reasons: string[] = [];
    for (const [name, id] of Object.entries(guards)) {
      const { State, Config } = await docker.getContainer(id).inspect();
      if (!State.Running || Config.Env.some((e) => e === "FAULT=unready"))
        reasons.push(`${name}: ${State.Status}`);
    }
    link?.tell({ kind: "verdict", gate, pass: reasons.length === 0, reasons });
    return { pass: reasons.length === 0, reasons };
  };
}
