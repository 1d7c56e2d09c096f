import { join } from "node:path";
import { findAptAccess } from "./apt-sources.ts";
import { buildBase } from "./debootstrap.ts";
import { requireSpace, BUILD_NEEDS_GB } from "./disk.ts";
import type { Engine } from "./docker-engine.ts";
import { member } from "./docker-endpoint.ts";
import { callEngine, streamFailure } from "./engine-api.ts";
import { type ImageReference, parseImageReference, registryProbeUrl } from "./image-reference.ts";
import { withLock } from "./lock.ts";
import { isDebianLike, type Machine } from "./machine.ts";
import { PROBE_MS } from "./probe.ts";
import { type ToolReport, toolProblem } from "./report.ts";
import { BASE_IMAGE, BASE_SUITE, BUILT_BASE_IMAGE } from "./versions.ts";

const TOOL = "base image";
const RECIPE_LABEL = "mcp-fleet/base-recipe";
/** Raised whenever the recipe in `debootstrap.ts` changes, so that images of older recipes are built anew. */
const RECIPE = "1";
const LOCK_WAIT_MS = 900_000;
const PULL_MS = 300_000;

const BETTER = `official ${BASE_IMAGE}: let the engine reach its registry or a mirror, or \`docker load\` it, or name one in FLEET_BASE_IMAGE`;

interface LocalImage {
  readonly id: string;
  readonly labels: unknown;
}

async function localImage(
  machine: Machine,
  engine: Engine,
  reference: string,
): Promise<LocalImage | undefined> {
  const path = `/images/${encodeURIComponent(reference)}/json`;
  const { status, body } = await callEngine(engine.endpoint, path, machine.env, {
    timeoutMs: PROBE_MS,
  });
  if (status === 404) return undefined;
  if (status !== 200)
    throw toolProblem(
      TOOL,
      `the engine cannot look for ${reference}: ${body.trim()}`,
      "mend the engine",
    );
  const image: unknown = JSON.parse(body);
  const id = member(image, "Id");
  return { id: typeof id === "string" ? id : "", labels: member(image, "Config", "Labels") };
}

/**
 * Whether the engine can pull a reference. The engine is asked itself, since its network, proxy and mirrors decide;
 * and the registry directly, since an engine's answer takes several round trips and only 2 s are given.
 */
async function canPull(
  machine: Machine,
  engine: Engine,
  reference: string,
  parsed: ImageReference,
): Promise<boolean> {
  const byEngine = callEngine(
    engine.endpoint,
    `/distribution/${reference}/json`,
    machine.env,
    // An empty login; the engine wants the header.
    { timeoutMs: PROBE_MS, headers: { "X-Registry-Auth": Buffer.from("{}").toString("base64") } },
  ).then(
    ({ status }) => status === 200,
    () => false,
  );
  const url = registryProbeUrl(parsed, engine.indexServer);
  const direct = url === undefined ? Promise.resolve(false) : machine.probe(url);
  return (await byEngine) || (await direct);
}

type Choice = { readonly reference: string; readonly report: ToolReport };

function chosenReference(machine: Machine): {
  readonly reference: string;
  readonly parsed: ImageReference;
} {
  const reference = machine.env["FLEET_BASE_IMAGE"] || BASE_IMAGE;
  try {
    return { reference, parsed: parseImageReference(reference) };
  } catch (error) {
    throw toolProblem(TOOL, (error as Error).message, "correct or unset FLEET_BASE_IMAGE");
  }
}

/** What can be used without building: a local image, a registry's, one built before. */
async function findBase(machine: Machine, engine: Engine): Promise<Choice | undefined> {
  const { reference, parsed } = chosenReference(machine);
  const [local, pullable] = await Promise.all([
    localImage(machine, engine, reference),
    canPull(machine, engine, reference, parsed),
  ]);
  const report = { tool: TOOL, used: reference };
  if (local !== undefined) {
    return { reference, report: { ...report, origin: "found", version: shortId(local) } };
  }
  if (pullable) return { reference, report: { ...report, origin: "official" } };
  if (machine.env["FLEET_BASE_IMAGE"]) {
    throw toolProblem(
      TOOL,
      `FLEET_BASE_IMAGE ${reference} is not on the engine, and its registry does not answer`,
      "`docker load` or `docker pull` it first, or unset FLEET_BASE_IMAGE",
    );
  }
  return builtBase(machine, engine);
}

/** The image that an earlier run built by the present recipe. */
async function builtBase(machine: Machine, engine: Engine): Promise<Choice | undefined> {
  const built = await localImage(machine, engine, BUILT_BASE_IMAGE);
  if (built === undefined || member(built.labels, RECIPE_LABEL) !== RECIPE) return undefined;
  const version = shortId(built);
  return {
    reference: BUILT_BASE_IMAGE,
    report: { tool: TOOL, used: BUILT_BASE_IMAGE, origin: "built", version, better: BETTER },
  };
}

function shortId({ id }: LocalImage): string {
  return id.replace(/^sha256:/, "").slice(0, 12);
}

/** For `fleet doctor`: which base image would be used; changes nothing. */
export async function diagnoseBase(machine: Machine, engine: Engine): Promise<ToolReport> {
  const found = await findBase(machine, engine);
  if (found !== undefined) return found.report;
  const canBuild = machine.isRoot && (await isDebianLike(machine));
  return {
    tool: TOOL,
    used: BASE_IMAGE,
    origin: "missing",
    ...(canBuild
      ? {}
      : { problem: `no registry answers, and building one needs root on Debian; ${BETTER}` }),
    better: `\`fleet up\` builds ${BUILT_BASE_IMAGE} from apt's mirror; better is the ${BETTER}`,
  };
}

/**
 * Pulls a reference, so that later runs find it on the engine: a registry that answers today and not tomorrow must not
 * change the base, and with it every image. False, with the reason logged, when the registry refuses.
 */
async function pull(machine: Machine, engine: Engine, reference: string): Promise<boolean> {
  machine.log(`${TOOL}: pulling ${reference}`);
  const { repository, registry, tag, digest } = parseImageReference(reference);
  const query = new URLSearchParams({
    fromImage: registry === undefined ? repository : `${registry}/${repository}`,
    tag: digest ?? tag ?? "latest",
  });
  try {
    const { status, body } = await callEngine(
      engine.endpoint,
      `/images/create?${query.toString()}`,
      machine.env,
      { method: "POST", timeoutMs: PULL_MS },
    );
    const failure = streamFailure(status, body);
    if (failure === undefined) return true;
    machine.log(`${TOOL}: ${reference} cannot be pulled: ${failure}`);
  } catch (error) {
    machine.log(`${TOOL}: ${reference} cannot be pulled: ${(error as Error).message}`);
  }
  return false;
}

/** A base image that is on the engine: there already, pulled, or built from apt's mirror; announced. */
export async function prepareBase(machine: Machine, engine: Engine): Promise<Choice> {
  const found = await findBase(machine, engine);
  if (found !== undefined && found.report.origin !== "official") return found;
  if (found !== undefined && (await pull(machine, engine, found.reference))) return found;
  const built = await builtBase(machine, engine);
  if (built !== undefined) return built;
  if (!machine.isRoot || !(await isDebianLike(machine))) {
    throw toolProblem(
      TOOL,
      `neither ${BASE_IMAGE} nor ${BUILT_BASE_IMAGE} can be had: no registry gives it, and building one needs root on Debian or Ubuntu`,
      "run this command once as root, or name a loaded image in FLEET_BASE_IMAGE",
    );
  }
  const lock = join(machine.cache, "base.lock");
  const onWait = (): void => machine.log(`${TOOL}: waiting for another run that builds it`);
  return withLock(lock, { waitMs: LOCK_WAIT_MS, onWait, env: machine.env }, async () => {
    const other = await builtBase(machine, engine);
    if (other !== undefined) return other;
    const roots = engine.dataRoot === undefined ? [] : [engine.dataRoot];
    await requireSpace([...roots, machine.cache], BUILD_NEEDS_GB, machine.env);
    const apt = await findAptAccess(machine, BASE_SUITE);
    await buildBase(machine, engine, apt, {
      reference: BUILT_BASE_IMAGE,
      suite: BASE_SUITE,
      labels: { [RECIPE_LABEL]: RECIPE },
    });
    machine.log(`${TOOL}: ${BUILT_BASE_IMAGE} is ready`);
    const made = await builtBase(machine, engine);
    if (made !== undefined) return made;
    throw toolProblem(TOOL, `${BUILT_BASE_IMAGE} is not there after its build`, "run this again");
  });
}
