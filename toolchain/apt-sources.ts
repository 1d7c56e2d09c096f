import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { refreshLists } from "./apt.ts";
import { ask, exec } from "./exec.ts";
import { type Machine } from "./machine.ts";
import { toolProblem } from "./report.ts";

const TOOL = "base image";
const FETCH_MS = 20_000;

/** A Debian mirror and which suites of one release it serves. */
export interface Mirror {
  /** Repository address, ending in a slash. */
  readonly uri: string;
  readonly suites: readonly string[];
}

/** What a container needs to use apt as the machine itself does. */
export interface AptAccess {
  /** The mirror that serves the release itself comes first. */
  readonly mirrors: readonly Mirror[];
  /** Lines of apt configuration: proxies and relaxed checks of the machine's own apt. */
  readonly config: readonly string[];
  /** Proxy variables for programs that do not read apt's configuration. */
  readonly proxyEnv: Readonly<Record<string, string>>;
}

/** Settings of the machine's apt without which its mirror may not be usable. */
const CARRIED = [
  "Acquire::http::Proxy",
  "Acquire::https::Proxy",
  "Acquire::Check-Valid-Until",
  "Acquire::Check-Date",
  "Acquire::Max-FutureTime",
  "Acquire::ForceIPv4",
  "Acquire::ForceIPv6",
] as const;

/** Repository addresses in `apt-get indextargets` output, http(s) only, each once, in order. */
export function repositoryUris(output: string): readonly string[] {
  const uris = output
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => /^https?:\/\//.test(line))
    .map((line) => (line.endsWith("/") ? line : `${line}/`));
  return [...new Set(uris)];
}

/** `/etc/apt/sources.list.d/*.sources` text for some mirrors. */
export function renderSources(mirrors: readonly Mirror[]): string {
  return mirrors
    .map(({ uri, suites }) =>
      [
        "Types: deb",
        `URIs: ${uri}`,
        `Suites: ${suites.join(" ")}`,
        "Components: main",
        "Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg",
        "",
      ].join("\n"),
    )
    .join("\n");
}

/** Whether containers, which have a loopback of their own, can reach a host. */
export function isLoopback(url: string): boolean {
  const { hostname } = new URL(url);
  return hostname === "localhost" || hostname === "[::1]" || /^127\./.test(hostname);
}

/**
 * Finds, among the mirrors that the machine's own apt uses, those that serve `suite`, its updates and its security
 * fixes. Every file is fetched by apt itself, so its proxies, logins and certificates apply.
 */
export async function findAptAccess(machine: Machine, suite: string): Promise<AptAccess> {
  await refreshLists(machine);
  const listed = await exec(
    "apt-get",
    ["indextargets", "--format", "$(REPO_URI)", "Created-By: Packages"],
    { timeoutMs: 30_000, env: machine.env },
  );
  const uris = repositoryUris(listed.stdout);
  const wanted = [suite, `${suite}-updates`, `${suite}-security`];
  const found = await Promise.all(
    uris.map(async (uri) => {
      const served = await Promise.all(wanted.map((name) => serves(machine, uri, name)));
      return { uri, suites: wanted.filter((_, index) => served[index]) };
    }),
  );
  const mirrors = found
    .filter(({ suites }) => suites.length > 0)
    .sort((a, b) => Number(b.suites.includes(suite)) - Number(a.suites.includes(suite)));
  if (mirrors[0]?.suites.includes(suite) !== true) {
    throw toolProblem(
      TOOL,
      `no image registry answers, and none of apt's mirrors (${uris.join(", ") || "none over http"}) serves Debian ${suite}`,
      "load a base image with `docker load` and name it in FLEET_BASE_IMAGE, or add a Debian mirror to apt",
    );
  }
  const config = await carriedConfig(machine);
  const unreachable = [...mirrors.map(({ uri }) => uri), ...Object.values(config.proxies)].find(
    isLoopback,
  );
  if (unreachable !== undefined) {
    throw toolProblem(
      TOOL,
      `apt goes through ${withoutLogin(unreachable)}, which containers cannot reach`,
      "give apt an address that is not loopback, or name a base image in FLEET_BASE_IMAGE",
    );
  }
  return { mirrors, config: config.lines, proxyEnv: config.proxies };
}

/** An address without the login it may hold. */
export function withoutLogin(url: string): string {
  return url.replace(/\/\/[^/@]*@/, "//");
}

async function serves(machine: Machine, uri: string, suite: string): Promise<boolean> {
  const dir = await mkdtemp(join(tmpdir(), "mcp-fleet-apt-"));
  const file = join(dir, "InRelease");
  try {
    const limits = [
      "-o",
      "Acquire::Retries=0",
      "-o",
      "Acquire::http::Timeout=5",
      "-o",
      "Acquire::https::Timeout=5",
    ];
    const helper = join(machine.fsRoot, "usr/lib/apt/apt-helper");
    const fetched = await ask(
      helper,
      [...limits, "download-file", `${uri}dists/${suite}/InRelease`, file],
      {
        timeoutMs: FETCH_MS,
        env: machine.env,
      },
    );
    // A portal that answers everything with a page of its own is not a mirror.
    return fetched !== undefined && /^Codename: /m.test(await readFile(file, "utf8"));
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

async function carriedConfig(machine: Machine): Promise<{
  readonly lines: readonly string[];
  readonly proxies: Readonly<Record<string, string>>;
}> {
  const lines: string[] = [];
  const proxies: Record<string, string> = {};
  for (const key of CARRIED) {
    const answer = await ask("apt-config", ["dump", "--no-empty", "--format", "%f=%v%n", key], {
      timeoutMs: 10_000,
      env: machine.env,
    });
    const line = answer?.stdout.split("\n").find((text) => text.startsWith(`${key}=`));
    const value = line?.slice(key.length + 1).trim();
    if (!value) continue;
    if (key.endsWith("Proxy") && value !== "DIRECT") {
      // Images are readable by everyone who can use the engine: a login must not get into one.
      if (/\/\/[^/]*@/.test(value)) {
        throw toolProblem(
          TOOL,
          `apt's proxy ${withoutLogin(value)} needs a login, which must not be written into an image`,
          "let apt use a proxy without login, or name a base image in FLEET_BASE_IMAGE",
        );
      }
      proxies[key.includes("https") ? "https_proxy" : "http_proxy"] = value;
    }
    lines.push(`${key} "${value}";`);
  }
  return { lines, proxies };
}
