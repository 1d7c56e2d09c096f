import { nodeImage } from "../../../components/platform/kubernetes/image-reference.ts";
import { noRegistry } from "../../../components/platform/kubernetes/kubernetes.schema.ts";
import { officialBaseImage } from "../../platforms/kubernetes/base-image.ts";
import { prepare } from "../../../toolchain/index.ts";
import { exec } from "../../../toolchain/exec.ts";
import { readStackFile } from "../../config/index.ts";
import { prepareContexts } from "../../image-contexts.ts";
import { builtImages, imageTag } from "../../project-images.ts";
import type { CommandContext } from "../context.ts";
import { exitCodes, UserError } from "../exit-codes.ts";

/** A build installs packages, a push may have a slow line; milliseconds. */
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
  const { registry, references: elsewhere } = settings.kubernetes.images;
  const own = builtImages.filter((image) => elsewhere[image] === undefined);
  if (options["push"] === true && registry === noRegistry) {
    throw new UserError(
      `mcp-fleet:kubernetes.images.registry: nothing given; name the registry that the nodes of stack ${context.stack} pull from`,
    );
  }
  const toolchain = await prepare({
    log: context.note,
    needs: new Set(["docker", "images"] as const),
    stack: context.stack,
  });
  Object.assign(process.env, toolchain.env);
  const contextOf = await prepareContexts(context.rootDir);
  const baseImage = settings.baseImage ?? officialBaseImage;
  const named = own.map((image) => {
    const tag = imageTag(image, { rootDir: context.rootDir, contextOf, baseImage });
    return { image, reference: nodeImage(image, tag, settings.kubernetes.images) };
  });
  const built = await Promise.all(named.map(({ reference }) => isHere(reference)));
  if (built.includes(false)) await getBase(baseImage, toolchain.baseImage, context);
  for (const [index, { image, reference }] of named.entries()) {
    // Built twice, an image has two ids: a stack that runs the first would see a change where there is none.
    if (built[index] === true) {
      context.note(`${reference} is built`);
    } else {
      context.note(`building ${reference}`);
      const build = ["build", "--build-arg", `BASE=${baseImage}`, "--tag", reference];
      await docker([...build, `${context.rootDir}/${contextOf(image)}`], {
        fix: "packages come from the mirrors of the base image: does this engine reach them?",
      });
    }
    if (options["push"] === true) {
      context.note(`pushing ${reference}`);
      await docker(["push", reference], {
        fix: `is ${registry} the registry of the cluster (mcp-fleet:kubernetes.images.registry), and are you logged in there (docker login)?`,
      });
    }
  }
  const references = named.map(({ reference }) => reference);
  context.out(context.json ? JSON.stringify({ images: references }) : references.join("\n"));
  return exitCodes.done;
}

async function isHere(reference: string): Promise<boolean> {
  const list = ["image", "ls", "--quiet", reference];
  const { stdout } = await exec("docker", list, { timeoutMs: listMs });
  return stdout.trim() !== "";
}

/**
 * Gets the base of all images. No other is taken in its place: it is a part of their names, which are the same on every
 * machine.
 *
 * @param ours what this engine has.
 */
async function getBase(baseImage: string, ours: string, { note }: CommandContext): Promise<void> {
  if (await isHere(baseImage)) return;
  note(`pulling ${baseImage}`);
  await docker(["pull", baseImage], {
    fix:
      `base image ${baseImage}: let this engine reach its registry or a mirror, or name another one for this stack, ` +
      `for everybody who works with it, in mcp-fleet:baseImage${ours === baseImage ? "" : `; this engine has ${ours}`}`,
  });
}

/** @throws UserError with docker's last words and how to mend it. */
async function docker(args: readonly string[], { fix }: { readonly fix: string }): Promise<void> {
  try {
    await exec("docker", args, { timeoutMs: buildMs });
  } catch (error) {
    throw new UserError(`${(error as Error).message}\n${fix}`);
  }
}
