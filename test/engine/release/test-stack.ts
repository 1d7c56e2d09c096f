import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { LocalWorkspace, Stack } from "@pulumi/pulumi/automation/index.js";
import { openKeyServer } from "../../key-server.ts";
import { serveWorld } from "./world-server.ts";
import { World } from "./world.ts";

/** A stack on a backend of its own in a temporary folder, and the world that its plugin manages. */
export interface TestStack {
  readonly stack: Stack;
  readonly world: World;
  readonly folder: string;
  /** Environment of the CLI. */
  readonly env: Record<string, string>;
  close(): Promise<void>;
}

export interface TestStackOptions {
  /** `always` puts that into the project, as real projects have it. */
  readonly refresh?: "always";
  readonly world?: World;
  /** What keeps the key of the stack's secrets: a service is much faster. */
  readonly key: "passphrase" | "service";
}

export async function openTestStack(options: TestStackOptions): Promise<TestStack> {
  const world = options.world ?? new World();
  const keys = options.key === "service" ? await openKeyServer() : undefined;
  const server = await serveWorld(world);
  const folder = await mkdtemp(join(tmpdir(), "release-"));
  await Promise.all([mkdir(join(folder, "state")), mkdir(join(folder, "home"))]);
  await writeFile(
    join(folder, "Pulumi.yaml"),
    [
      "name: release-test",
      "runtime: nodejs",
      ...(options.refresh ? ["options:", `  refresh: ${options.refresh}`] : []),
      "",
    ].join("\n"),
  );
  const cli = process.env["MCP_FLEET_PULUMI"];
  const env = {
    PATH: [...(cli === undefined ? [] : [dirname(cli)]), process.env["PATH"] ?? ""].join(delimiter),
    PULUMI_HOME: join(folder, "home"),
    PULUMI_BACKEND_URL: `file://${join(folder, "state")}`,
    ...(keys?.env ?? { PULUMI_CONFIG_PASSPHRASE: "only for this test" }),
    PULUMI_SKIP_UPDATE_CHECK: "true",
    PULUMI_DEBUG_PROVIDERS: server.attachment,
    // The engine looks for a plugin that is attached too, for two seconds and a half in each update.
    PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
  };
  // The Automation API looks for the CLI on its own PATH.
  process.env["PATH"] = env.PATH;
  const workspace = await LocalWorkspace.create({
    workDir: folder,
    envVars: env,
    ...(keys && { secretsProvider: keys.provider }),
  });
  const stack = await Stack.create("test", workspace);
  return {
    stack,
    world,
    folder,
    env,
    async close() {
      server.close();
      keys?.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
