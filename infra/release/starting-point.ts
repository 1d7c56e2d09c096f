import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { withoutEngine } from "./engine-process.ts";
import { exportClosed, exportOpen } from "./export-state.ts";
import { Link, linkVariable, type ReleaseEvent } from "./link.ts";
import { isRootStack, type Deployment } from "./deployment.ts";

/** Where an update starts from. */
export interface StartingPoint {
  /** What is deployed; null if nothing ever was. Secrets in plain text, except in a preview. */
  readonly deployment: Deployment | null;
  /** Tells whoever runs the transaction what happens. */
  readonly tell: (event: ReleaseEvent) => void;
}

export interface StartingPointOptions {
  /** A preview changes nothing, and needs nobody who would undo it. */
  readonly dryRun: boolean;
  /** Starts who runs the transaction, if nobody does yet. @throws if somebody else changes the stack. */
  readonly supervise: () => (event: ReleaseEvent) => void;
}

/**
 * What is deployed before the program registers anything. Whoever runs the transaction took it before the engine
 * refreshed the state; else `pulumi stack export` still shows the deployment that this update starts from.
 *
 * @throws if the state cannot be read: without it every object would look new and be replaced.
 */
export async function startingPoint(
  stack: string,
  { dryRun, supervise }: StartingPointOptions,
): Promise<StartingPoint> {
  if (dryRun) {
    const deployment = await exportDeployment(stack, { open: false });
    return { deployment, tell: () => undefined };
  }
  const path = process.env[linkVariable];
  if (path === undefined) {
    const tell = supervise();
    return { deployment: await exportDeployment(stack, { open: true }), tell };
  }
  const link = await Link.connect(path);
  const { before } = await link.ask();
  return { deployment: before, tell: (event) => link.tell(event) };
}

/** The stack's deployment, by the CLI that runs this program; null if there is none yet. */
async function exportDeployment(
  stack: string,
  { open }: { readonly open: boolean },
): Promise<Deployment | null> {
  const env = withoutEngine(process.env);
  const run = async (command: readonly string[]): Promise<string> => {
    const args = [...command, "--stack", stack, "--non-interactive"];
    const limits = { maxBuffer: 256 * 1024 * 1024, timeout: 60_000 };
    return (await promisify(execFile)("pulumi", args, { ...limits, env })).stdout;
  };
  const { deployment } = await (open ? exportOpen(run, env) : exportClosed(run));
  return isDeployed(deployment) ? deployment : null;
}

/** Whether anything was ever deployed: a stack that was only made has its own record and nothing else. */
export function isDeployed(deployment: Deployment | null | undefined): deployment is Deployment {
  return (deployment?.resources ?? []).some((record) => !isRootStack(record));
}
