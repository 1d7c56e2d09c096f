import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { stateBackendUrl } from "../../../toolchain/index.ts";
import type { Deployment } from "../../release/deployment.ts";
import { isDeployed } from "../../release/starting-point.ts";
import type { CommandContext } from "../context.ts";
import { FleetStack } from "../fleet-stack.ts";
import { prepareTools } from "../tools.ts";

export interface LastRelease {
  /** Secrets open; null if there is none, or it cannot be read. */
  readonly deployment: Deployment | null;
  /** Settings of the stack, secrets in clear; absent if its state cannot be read. */
  readonly config?: Readonly<Record<string, string>>;
  /** What a reader of the comparison has to know; one line. */
  readonly note: string;
}

/** The last release of a stack, as far as its state can be read from here; nothing is made for it. */
export async function lastReleaseOf(context: CommandContext): Promise<LastRelease> {
  const nothing = { deployment: null } as const;
  try {
    if (isEmpty(context, stateBackendUrl())) {
      return { ...nothing, note: "no state of the stack is kept here: everything is shown as new" };
    }
    await prepareTools(context, "pulumi", "state");
    const stack = await FleetStack.open(context, { create: false, secrets: true });
    const [resources, config] = await Promise.all([stack.resources(), stack.config()]);
    const deployment: Deployment = { resources };
    return isDeployed(deployment)
      ? { deployment, config, note: "compared with the state of the last release" }
      : { ...nothing, config, note: "nothing of the stack is deployed: everything is new" };
  } catch (error) {
    const [why = ""] = (error as Error).message.split("\n");
    return {
      ...nothing,
      note: `the stack's state cannot be read (${why}): everything is shown as new`,
    };
  }
}

/** Whether a local backend has no such stack: then no CLI has to be had to ask it. */
function isEmpty({ stack }: CommandContext, backend: string | undefined): boolean {
  if (backend?.startsWith("file://") !== true) return false;
  const rest = backend.slice("file://".length).replace(/\?.*$/, "");
  if (!rest.startsWith("/")) return false;
  const folder = join(fileURLToPath(`file://${rest}`), ".pulumi", "stacks");
  const files = [`${stack}.json`, `${stack}.json.gz`].flatMap((file) => [
    join(folder, file),
    join(folder, "mcp-fleet", file),
  ]);
  return !files.some((file) => existsSync(file));
}
