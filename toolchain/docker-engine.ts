import { spawn } from "node:child_process";
import { openSync, closeSync } from "node:fs";
import { mkdir, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { installPackages } from "./apt.ts";
import { wantedWeight, weighContainers } from "./container-weight.ts";
import { dockerEndpoint, type Endpoint, member } from "./docker-endpoint.ts";
import { callEngine } from "./engine-api.ts";
import { exec, lastLines } from "./exec.ts";
import { exists, findProgram, isDebianLike, type Machine } from "./machine.ts";
import { type ToolReport, toolProblem, type ToolchainError } from "./report.ts";
import { DOCKER_API_MINIMUM, isAtLeast } from "./versions.ts";

const TOOL = "docker engine";
const PING_MS = 1_500;
const START_MS = 30_000;

/** A Docker engine that answers. */
export interface Engine {
  readonly endpoint: Endpoint;
  readonly version: string;
  /** Directory of images and volumes; undefined when the engine runs on another machine. */
  readonly dataRoot?: string;
  /** Address of the registry that short image names mean, as the engine has it. */
  readonly indexServer?: string;
  readonly report: ToolReport;
}

type Answer =
  | { readonly kind: "ready"; readonly engine: Engine }
  | { readonly kind: "denied" | "silent" | "old"; readonly problem: ToolchainError };

/** Asks the engine who it is; never longer than 1.5 s, changes nothing. */
async function askEngine(machine: Machine, endpoint: Endpoint): Promise<Answer> {
  try {
    const get = (path: string): Promise<unknown> =>
      callEngine(endpoint, path, machine.env, { timeoutMs: PING_MS }).then(
        ({ body }) => JSON.parse(body) as unknown,
      );
    const [version, info] = await Promise.all([get("/version"), get("/info")]);
    return judge(endpoint, version, info);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "EACCES" || code === "EPERM") {
      return {
        kind: "denied",
        problem: toolProblem(
          TOOL,
          `no permission to use ${endpoint.host}`,
          "run `sudo usermod -aG docker $USER` and log in again (members of that group are root in effect)",
        ),
      };
    }
    return {
      kind: "silent",
      problem: toolProblem(
        TOOL,
        `${endpoint.host} (${endpoint.source}) does not answer: ${code ?? message}`,
        endpoint.chosen
          ? "start that engine, or choose another (DOCKER_HOST, `docker context use`)"
          : "start Docker, or point DOCKER_HOST at an engine",
      ),
    };
  }
}

function judge(endpoint: Endpoint, version: unknown, info: unknown): Answer {
  const text = (value: unknown): string | undefined =>
    typeof value === "string" ? value : undefined;
  const release = text(member(version, "Version")) ?? "unknown";
  const api = text(member(version, "ApiVersion")) ?? "0";
  if (!isAtLeast(api, DOCKER_API_MINIMUM)) {
    return {
      kind: "old",
      problem: toolProblem(
        TOOL,
        `${endpoint.host} is version ${release} (API ${api})`,
        `upgrade it to 20.10 or newer (API ${DOCKER_API_MINIMUM})`,
      ),
    };
  }
  const dataRoot = endpoint.host.startsWith("unix://")
    ? text(member(info, "DockerRootDir"))
    : undefined;
  const indexServer = text(member(info, "IndexServerAddress"));
  return {
    kind: "ready",
    engine: {
      endpoint,
      version: release,
      ...(dataRoot === undefined ? {} : { dataRoot }),
      ...(indexServer === undefined ? {} : { indexServer }),
      report: { tool: TOOL, used: endpoint.host, origin: "found", version: release },
    },
  };
}

/** For `fleet doctor`: the engine if it answers, and the line that says so. */
export async function diagnoseEngine(
  machine: Machine,
): Promise<{ readonly engine?: Engine; readonly report: ToolReport }> {
  const endpoint = await dockerEndpoint(machine);
  const answer = await askEngine(machine, endpoint);
  if (answer.kind === "ready") {
    const { engine } = answer;
    const wanted = engine.dataRoot === undefined ? undefined : await wantedWeight(machine);
    const better = `all its containers together weigh as much as one process, so updates are at their cost; as root: ${wanted}`;
    return { engine, report: { ...engine.report, ...(wanted !== undefined && { better }) } };
  }
  const canStart =
    answer.kind === "silent" && !endpoint.chosen && machine.isRoot && (await isDebianLike(machine));
  const [problem] = answer.problem.problems;
  return {
    report: {
      tool: TOOL,
      used: endpoint.host,
      origin: "missing",
      ...(canStart
        ? { better: "`fleet up` installs docker.io with apt-get, if it is absent, and starts it" }
        : { problem: `${problem?.got ?? "no answer"}; ${problem?.fix ?? "start Docker"}` }),
    },
  };
}

/** A running engine: the user's if it answers, else Debian's, installed and started as root, announced. */
export async function prepareEngine(machine: Machine): Promise<Engine> {
  const endpoint = await dockerEndpoint(machine);
  const answer = await askEngine(machine, endpoint);
  if (answer.kind === "ready") return answer.engine;
  if (answer.kind !== "silent" || endpoint.chosen) throw answer.problem;
  if (!machine.isRoot) {
    const got = answer.problem.problems[0]?.got ?? "no answer";
    throw toolProblem(
      TOOL,
      `${got}, and installing or starting one needs root`,
      "start Docker (`sudo systemctl start docker`), or run this command once as root",
    );
  }
  const installed = (await findProgram(machine, "dockerd")) !== undefined;
  if (!installed) await install(machine);
  const started = await startEngine(machine, endpoint);
  const origin = installed ? "found" : "official";
  return { ...started, report: { ...started.report, origin } };
}

async function install(machine: Machine): Promise<void> {
  const wanted = ["docker.io", "iptables"];
  // The engine loads a profile for every container where the kernel has AppArmor, and fails without the parser.
  const armoured = await readFile(
    join(machine.fsRoot, "sys/module/apparmor/parameters/enabled"),
    "utf8",
  ).catch(() => "N");
  if (armoured.startsWith("Y")) wanted.push("apparmor");
  await installPackages(machine, TOOL, wanted, ["docker-cli", "ca-certificates"]);
}

async function startEngine(machine: Machine, endpoint: Endpoint): Promise<Engine> {
  if (await exists(join(machine.fsRoot, "run/systemd/system"))) {
    machine.log(`${TOOL}: starting it with systemctl`);
    try {
      await exec("systemctl", ["start", "docker"], { timeoutMs: 90_000, env: machine.env });
    } catch (error) {
      throw toolProblem(
        TOOL,
        (error as Error).message,
        "read `journalctl -u docker` for the reason",
      );
    }
    return waitForEngine(machine, endpoint, () => undefined);
  }
  const daemon = await findProgram(machine, "dockerd");
  if (daemon === undefined) {
    throw toolProblem(TOOL, "no dockerd after installing it", "install Docker by hand");
  }
  const log = join(machine.fsRoot, "var/log/mcp-fleet-dockerd.log");
  machine.log(`${TOOL}: starting ${daemon}, log in ${log}`);
  await weighContainers(machine);
  await mkdir(dirname(log), { recursive: true });
  const file = openSync(log, "a");
  // A session of its own: the daemon outlives this command and the terminal.
  const child = spawn(daemon, [], {
    detached: true,
    stdio: ["ignore", file, file],
    cwd: "/",
    env: { ...machine.env, PATH: `${machine.env["PATH"] ?? ""}:/usr/sbin:/sbin` },
  });
  closeSync(file);
  let ended: string | undefined;
  child.on("error", (error) => (ended = error.message));
  child.on("exit", (code, signal) => (ended = `exit ${String(code ?? signal)}`));
  child.unref();
  return waitForEngine(machine, endpoint, () => ended, log);
}

async function waitForEngine(
  machine: Machine,
  endpoint: Endpoint,
  ended: () => string | undefined,
  log?: string,
): Promise<Engine> {
  const until = Date.now() + START_MS;
  for (;;) {
    // Asked before looking at the child: another run's daemon may have won, and serves as well.
    const answer = await askEngine(machine, endpoint);
    if (answer.kind === "ready") return answer.engine;
    const end = ended();
    if (end === undefined && Date.now() < until) {
      await sleep(250);
      continue;
    }
    const why =
      end === undefined ? `no answer ${START_MS / 1000} s after its start` : `it ended: ${end}`;
    const said = log === undefined ? "" : lastLines(await readFile(log, "utf8").catch(() => ""));
    const where = log === undefined ? "read `journalctl -u docker`" : `read ${log}`;
    throw toolProblem(
      TOOL,
      `${why}${said === "" ? "" : `\n${said}\n   `}`,
      `${where} for the reason`,
    );
  }
}
