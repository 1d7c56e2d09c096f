import { z } from "zod";
import { fleetFileSchema } from "./fleet.schema.ts";

/**
 * JSON Schema of fleet files, as text of `fleets/fleet.schema.json`. Draft 7, because that is what YAML editors
 * know best.
 */
export function fleetJsonSchema(): string {
  const schema = z.toJSONSchema(fleetFileSchema, { io: "input", target: "draft-7" });
  const titled = { title: "mcp-fleet: fleet file", ...schema };
  return `${JSON.stringify(titled, null, 2)}\n`;
}
