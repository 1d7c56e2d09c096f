import type { ImageBuildOptions } from "dockerode";
import type { Properties } from "../../bridge/values.ts";
import { engineMessage, type Engine } from "../engine.ts";
import { compact, flag, text, textMap } from "../state.ts";
import { packContext } from "./context.ts";

/** First API version whose engine carries BuildKit. */
const BUILDKIT_API = [1, 39] as const;
/** Lines of the build's own output that an error quotes. */
const QUOTED_LINES = 30;

/** Builds and tags an image. @throws with the end of the build's output if it fails */
export async function buildImage(
  engine: Engine,
  name: string,
  build: Properties,
  signal: AbortSignal,
): Promise<void> {
  const docker = engine();
  const { archive, dockerfile } = await packContext(text(build.context), text(build.dockerfile));
  const options = compact<ImageBuildOptions>({
    t: name,
    dockerfile,
    buildargs: textMap(build.buildArgs),
    labels: textMap(build.labels),
    nocache: flag(build.noCache),
    rm: build.remove !== false,
    version: (await hasBuildKit(engine)) ? "2" : "1",
    abortSignal: signal,
    ...(text(build.networkMode) !== "" && { networkmode: text(build.networkMode) }),
    ...(text(build.platform) !== "" && { platform: text(build.platform) }),
    ...(text(build.target) !== "" && { target: text(build.target) }),
  });
  const output: string[] = [];
  try {
    const stream = await docker.buildImage(archive, options);
    await new Promise<void>((resolve, reject) => {
      docker.modem.followProgress(
        stream,
        (error, events: BuildEvent[]) => {
          // The client hands over no events together with an error.
          if (error) return reject(error);
          const failed = events.find((event) => typeof event.error === "string");
          if (failed !== undefined) reject(new Error(failed.error));
          else resolve();
        },
        (event: BuildEvent) => {
          if (typeof event.stream === "string") output.push(event.stream);
        },
      );
    });
  } catch (error) {
    const log = output.join("").split("\n").slice(-QUOTED_LINES).join("\n").trim();
    throw new Error(`Error running build: ${engineMessage(error)}${log === "" ? "" : `\n${log}`}`);
  }
}

interface BuildEvent {
  readonly stream?: string;
  readonly error?: string;
}

async function hasBuildKit(engine: Engine): Promise<boolean> {
  const { ApiVersion: version } = await engine().version();
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return major > BUILDKIT_API[0] || (major === BUILDKIT_API[0] && minor >= BUILDKIT_API[1]);
}
