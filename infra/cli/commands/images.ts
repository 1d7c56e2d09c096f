import { nodeImage } from "../../../components/platform/kubernetes/image-reference.ts";
import { prepare } from "../../../toolchain/index.ts";
import { exec } from "../../../toolchain/exec.ts";
import { readStackFile } from "../../config/index.ts";
import { prepareContexts } from "../../image-contexts.ts";
import { builtImages, imageTag } from "../../project-images.ts";
import type { CommandContext } from "../context.ts";
import { exitCodes, UserError } from "../exit-codes.ts";

/** A build installs packages; milliseconds. */
const buildMs = 15 * 60_000;
/** The engine looks its images up, and may be busy; milliseconds. */
const listMs = 30_000;

/**
 * Builds the images that a cluster runs, names them as the stack does, and pushes them if asked: nodes pull images, they
 * do not build them.
 */
export async function images(
  context: CommandContext,
  options: Readonly<Record<string, unknown>>,
): Promise<number> {
  const { settings, problems } = readStackFile(context.rootDir, context.stack);
  if (problems.length > 0 || settings.platform !== "kubernetes") {
    throw new UserError(
      `stack ${context.stack} does not run on a cluster: its images are built by ./fleet up`,
    );
  }
  const { env } = await prepare({
    log: context.note,
    needs: new Set(["docker", "images"] as const),
    stack: context.stack,
  });
  Object.assign(process.env, env);
  const contextOf = await prepareContexts(context.rootDir);
  const baseImage = settings.baseImage ?? "debian:trixie-slim";
  const references: string[] = [];
  for (const image of builtImages) {
    if (settings.kubernetes.images.references[image] !== undefined) continue;
    const tag = imageTag(image, { rootDir: context.rootDir, contextOf, baseImage });
    const reference = nodeImage(image, tag, settings.kubernetes.images);
    // Built twice, an image has two ids: a stack that runs the first would see a change where there is none.
    const known = await exec("docker", ["image", "ls", "--quiet", reference], {
      timeoutMs: listMs,
    });
    if (known.stdout.trim() !== "") {
      context.note(`${reference} is built`);
    } else {
      context.note(`building ${reference}`);
      const build = ["build", "--build-arg", `BASE=${baseImage}`, "--tag", reference];
      await exec("docker", [...build, `${context.rootDir}/${contextOf(image)}`], {
        timeoutMs: buildMs,
      });
    }
    if (options["push"] === true) {
      context.note(`pushing ${reference}`);
      await exec("docker", ["push", reference], { timeoutMs: buildMs });
    }
    references.push(reference);
  }
  context.out(context.json ? JSON.stringify({ images: references }) : references.join("\n"));
  return exitCodes.done;
}
