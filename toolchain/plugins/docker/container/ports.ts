import { identity } from "../../bridge/set-order.ts";
import type { Value } from "../../bridge/values.ts";

/** The order of published ports means nothing: the engine reports them sorted. */
export function samePorts(prior: Value, next: Value): boolean {
  if (!Array.isArray(prior) || !Array.isArray(next) || prior.length !== next.length) return false;
  const left = next.map(identity);
  return prior.every((port) => {
    const index = left.indexOf(identity(port));
    if (index !== -1) left.splice(index, 1);
    return index !== -1;
  });
}
