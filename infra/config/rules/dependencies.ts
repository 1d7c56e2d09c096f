import type { Finding } from "../problems.ts";
import { didYouMean } from "../suggest.ts";
import type { RuleInput } from "./input.ts";

/** Dependencies that do not exist, on oneself, or in a circle. */
export function dependencyRules({ spec }: RuleInput): readonly Finding[] {
  const findings: Finding[] = [];
  const known = spec.servers.map((server) => server.name).filter((name) => name !== "");
  spec.servers.forEach((server, index) => {
    server.dependsOn.forEach((name, position) => {
      const at = ["servers", index, "dependsOn", position];
      if (!known.includes(name)) {
        const fix = didYouMean(name, known);
        findings.push({ at, got: `"${name}"`, allowed: "no such server in this fleet", fix });
      } else if (server.dependsOn.indexOf(name) < position) {
        findings.push({ at, got: `"${name}"`, allowed: "listed twice", fix: "remove one" });
      }
    });
  });
  return [...findings, ...cycles(spec.servers)];
}

interface Node {
  readonly name: string;
  readonly dependsOn: readonly string[];
}

/** One finding per circle, whatever the order of the list: it starts at the member that comes first by name. */
function cycles(servers: readonly Node[]): readonly Finding[] {
  const byName = new Map(servers.map((server) => [server.name, server]));
  const findings: Finding[] = [];
  const done = new Set<string>();
  for (const name of [...byName.keys()].sort()) {
    const circle = done.has(name) ? undefined : shortestCircle(name, byName);
    if (circle === undefined) {
      continue;
    }
    circle.forEach((member) => done.add(member));
    findings.push({
      at: ["servers", servers.findIndex((server) => server.name === name), "dependsOn"],
      got: [...circle, name].join(" -> "),
      allowed: "servers that wait for each other in a circle never start",
      fix: "remove one of these dependencies",
    });
  }
  return findings;
}

/** Breadth-first, so that the circle shown has no detours. */
function shortestCircle(
  start: string,
  byName: ReadonlyMap<string, Node>,
): readonly string[] | undefined {
  const cameFrom = new Map<string, string>();
  const queue = [start];
  for (const name of queue) {
    for (const next of [...(byName.get(name)?.dependsOn ?? [])].sort()) {
      if (next === start) {
        const circle = [name];
        for (let at = name; at !== start;) {
          at = cameFrom.get(at) ?? start;
          circle.unshift(at);
        }
        return circle;
      }
      if (!cameFrom.has(next) && byName.has(next)) {
        cameFrom.set(next, name);
        queue.push(next);
      }
    }
  }
  return undefined;
}
