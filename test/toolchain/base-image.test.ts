import { mkdir, readdir, readFile } from "node:fs/promises";
import type { RequestListener } from "node:http";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import {
  isLoopback,
  renderSources,
  repositoryUris,
  withoutLogin,
} from "../../toolchain/apt-sources.ts";
import { diagnoseBase, prepareBase } from "../../toolchain/base-image.ts";
import { prepareEngine } from "../../toolchain/docker-engine.ts";
import type { Machine } from "../../toolchain/machine.ts";
import { BASE_IMAGE, BUILT_BASE_IMAGE } from "../../toolchain/versions.ts";
import {
  fakeEngine,
  fakeMachine,
  type FakeMachine,
  healthyEngine,
  put,
  script,
} from "./fake-machine.ts";

type Images = Map<string, Readonly<Record<string, string>>>;
const RECIPE = { "mcp-fleet/base-recipe": "1" };

/** A machine as root on Debian with an engine that holds `images`. */
async function withEngine(
  images: Images,
  more?: RequestListener,
  overrides: Partial<Machine> = {},
): Promise<FakeMachine> {
  const machine = await fakeMachine({ isRoot: true, ...overrides });
  await put(join(machine.fsRoot, "etc/os-release"), "ID=debian\n");
  await fakeEngine(machine, healthyEngine(images, more));
  return machine;
}

/** An apt whose first mirror serves the release and whose second its security fixes, and a debootstrap. */
async function withApt(machine: FakeMachine, bootstrap = "true"): Promise<void> {
  await script(
    join(machine.bin, "apt-get"),
    '[ "$1" = indextargets ] && printf "https://m.example/debian/\\nhttps://m.example/sec/\\nhttps://m.example/debian/\\n"; exit 0',
  );
  await script(
    join(machine.bin, "apt-config"),
    `case "\${!#}" in
       Acquire::http::Proxy) echo "Acquire::http::Proxy=http://proxy.example:3142";;
       Acquire::Check-Date) echo "Acquire::Check-Date=false";;
     esac`,
  );
  await script(
    join(machine.fsRoot, "usr/lib/apt/apt-helper"),
    `case "\${@: -2:1}" in
       */debian/dists/trixie/InRelease | */sec/dists/trixie-security/InRelease) echo "Codename: x" > "\${!#}";;
       *) exit 1;;
     esac`,
  );
  await script(join(machine.bin, "unshare"), '[ "$1" = --mount ]; shift; exec "$@"');
  await script(
    join(machine.bin, "debootstrap"),
    `echo "$http_proxy $*" > ${machine.dir}/bootstrapped
     mkdir -p "$4"/{etc/apt/{sources.list.d,apt.conf.d},etc/dpkg/dpkg.cfg.d,usr/sbin,var/lib/apt/lists}
     ${bootstrap}`,
  );
}

/** Takes imports like the engine: the image is there when all of the tree has arrived. */
function importing(
  images: Images,
  received: { tree: Buffer; query: URLSearchParams },
): RequestListener {
  return (request, response) => {
    const url = new URL(request.url ?? "", "http://docker");
    if (request.method !== "POST") {
      response.writeHead(404).end("{}");
      return;
    }
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => {
      received.tree = Buffer.concat(parts);
      received.query = url.searchParams;
      images.set(BUILT_BASE_IMAGE, RECIPE);
      response.end('{"status":"sha256:1"}\n');
    });
  };
}

describe("prepareBase", () => {
  it("uses the official image that the engine has, without asking a registry", async () => {
    const images: Images = new Map([[BUILT_BASE_IMAGE, RECIPE]]);
    images.set(BASE_IMAGE, {});
    const machine = await withEngine(images);
    const base = await prepareBase(machine, await prepareEngine(machine));
    expect(base).toEqual({
      reference: BASE_IMAGE,
      report: { tool: "base image", used: BASE_IMAGE, origin: "found", version: "0123456789ab" },
    });
  });

  it("pulls the official one where its registry answers, once, so that the base does not change later", async () => {
    const images: Images = new Map([[BUILT_BASE_IMAGE, RECIPE]]);
    const asked: string[] = [];
    const pulls: string[] = [];
    const machine = await withEngine(
      images,
      (request, response) => {
        if (request.method === "POST") {
          pulls.push(request.url ?? "");
          images.set(BASE_IMAGE, {});
          response.end('{"status":"done"}\n');
        } else response.writeHead(404).end("{}");
      },
      { probe: (url) => Promise.resolve(asked.push(url) > 0) },
    );
    const engine = await prepareEngine(machine);
    expect((await prepareBase(machine, engine)).report.origin).toBe("official");
    expect(asked).toEqual(["https://index/v2/"]);
    expect(pulls).toEqual(["/images/create?fromImage=library%2Fdebian&tag=trixie-slim"]);
    expect((await prepareBase(machine, engine)).report.origin).toBe("found");
    expect(pulls).toHaveLength(1);
  });

  it("falls back when a registry answers but refuses", async () => {
    const machine = await withEngine(
      new Map([[BUILT_BASE_IMAGE, RECIPE]]),
      (request, response) => {
        if (request.method === "POST") response.end('{"error":"too many requests"}\n');
        else response.writeHead(404).end("{}");
      },
      { probe: () => Promise.resolve(true) },
    );
    const base = await prepareBase(machine, await prepareEngine(machine));
    expect(base).toMatchObject({ reference: BUILT_BASE_IMAGE, report: { origin: "built" } });
    expect(base.report.better).toContain("docker load");
    expect(machine.lines.join("\n")).toContain("too many requests");
  });

  it("builds one from apt's own mirrors, proxies and checks, announced", async () => {
    const images: Images = new Map();
    const received = { tree: Buffer.alloc(0), query: new URLSearchParams() };
    const machine = await withEngine(images, importing(images, received));
    await withApt(machine, 'echo proof > "$4/etc/proof"');
    const engine = await prepareEngine(machine);
    const runs = await Promise.all([prepareBase(machine, engine), prepareBase(machine, engine)]);
    expect(runs.map(({ reference }) => reference)).toEqual([BUILT_BASE_IMAGE, BUILT_BASE_IMAGE]);
    expect(machine.lines.filter((line) => line.includes("debootstrap"))).toHaveLength(1);
    expect(await readFile(join(machine.dir, "bootstrapped"), "utf8")).toMatch(
      /^http:\/\/proxy\.example:3142 --variant=minbase --force-check-gpg trixie \S+\/root https:\/\/m\.example\/debian\/ /,
    );
    expect(received.query.get("repo")).toBe("mcp-fleet/base");
    expect(received.query.getAll("changes")).toContain("LABEL mcp-fleet/base-recipe=1");
    const tree = received.tree.toString();
    expect(tree).toContain("proof");
    expect(tree).toContain("URIs: https://m.example/debian/\nSuites: trixie\n");
    expect(tree).toContain("URIs: https://m.example/sec/\nSuites: trixie-security\n");
    expect(tree).toContain('Acquire::Check-Date "false";');
    expect(tree).toContain('Acquire::http::Proxy "http://proxy.example:3142";');
    expect((await readdir(machine.cache)).filter((name) => name.includes("partial"))).toEqual([]);
  });

  it("builds anew when the image there is of another recipe", async () => {
    const images: Images = new Map([[BUILT_BASE_IMAGE, { "mcp-fleet/base-recipe": "0" }]]);
    const received = { tree: Buffer.alloc(0), query: new URLSearchParams() };
    const machine = await withEngine(images, importing(images, received));
    await withApt(machine);
    await prepareBase(machine, await prepareEngine(machine));
    expect(received.tree.length).toBeGreaterThan(0);
  });

  it("imports nothing of a debootstrap that fails, and clears up after it and after killed ones", async () => {
    const machine = await withEngine(new Map(), (request, response) => {
      if (request.method === "POST") throw new Error("must not import");
      response.writeHead(404).end("{}");
    });
    await withApt(machine, "echo 'E: bad signature' >&2; exit 1");
    await mkdir(join(machine.cache, "base-partial-old/root"), { recursive: true });
    await expect(prepareBase(machine, await prepareEngine(machine))).rejects.toThrow(
      /base image: unshare --mount debootstrap[^]*bad signature/,
    );
    expect((await readdir(machine.cache)).filter((name) => name.includes("partial"))).toEqual([]);
  });

  it("says so when none of apt's mirrors has the release", async () => {
    const machine = await withEngine(new Map());
    await withApt(machine);
    await script(join(machine.fsRoot, "usr/lib/apt/apt-helper"), "exit 1");
    await expect(prepareBase(machine, await prepareEngine(machine))).rejects.toThrow(
      /none of apt's mirrors \(https:\/\/m\.example\/debian\/, https:\/\/m\.example\/sec\/\) serves Debian trixie/,
    );
  });

  it.each([
    [
      "http://user:hush@proxy.example:3142",
      /apt's proxy http:\/\/proxy\.example:3142 needs a login/,
    ],
    [
      "http://127.0.0.1:3142",
      /apt goes through http:\/\/127\.0\.0\.1:3142, which containers cannot reach/,
    ],
  ])("refuses the proxy %s, without its password", async (proxy, message) => {
    const machine = await withEngine(new Map());
    await withApt(machine);
    await script(
      join(machine.bin, "apt-config"),
      `[ "\${!#}" = Acquire::http::Proxy ] && echo "Acquire::http::Proxy=${proxy}"; exit 0`,
    );
    const failure = prepareBase(machine, await prepareEngine(machine));
    await expect(failure).rejects.toThrow(message);
    await expect(failure).rejects.not.toThrow(/hush/);
  });

  it("takes FLEET_BASE_IMAGE, and refuses one that cannot be had or read", async () => {
    const images: Images = new Map([["own/base:1", {}]]);
    const machine = await withEngine(images);
    const engine = await prepareEngine(machine);
    const using = (image: string): Machine => ({
      ...machine,
      env: { ...machine.env, FLEET_BASE_IMAGE: image },
    });
    expect((await prepareBase(using("own/base:1"), engine)).reference).toBe("own/base:1");
    await expect(prepareBase(using("own/base:2"), engine)).rejects.toThrow(
      /own\/base:2 is not on the engine/,
    );
    await expect(prepareBase(using("Bad:ref:x"), engine)).rejects.toThrow(
      /image reference "Bad:ref:x"/,
    );
  });

  it("tells a user who is not root what to do", async () => {
    const machine = await withEngine(new Map(), undefined, { isRoot: false });
    const engine = await prepareEngine(machine);
    await expect(prepareBase(machine, engine)).rejects.toThrow(/run this command once as root/);
    expect(await diagnoseBase(machine, engine)).toMatchObject({ origin: "missing" });
  });

  it("refuses to build on a full disk, with path, free and needed", async () => {
    const machine = await withEngine(new Map());
    const env = { ...machine.env, FLEET_MIN_FREE_GB: "999999" };
    await expect(prepareBase({ ...machine, env }, await prepareEngine(machine))).rejects.toThrow(
      /disk: \/ has [\d.]+ GB free, 999999 GB are needed[^]*disk: .*\.toolchain has/,
    );
  });
});

describe("apt sources", () => {
  it("takes http addresses once, with a slash at the end", () => {
    const output = "http://a/x\nhttp://a/x/\nfile:/mnt/cd/\ncdrom:[x]/\nhttps://b/\n\n";
    expect(repositoryUris(output)).toEqual(["http://a/x/", "https://b/"]);
  });

  it("renders one signed stanza per mirror", () => {
    const text = renderSources([
      { uri: "http://a/", suites: ["trixie", "trixie-updates"] },
      { uri: "http://b/", suites: ["trixie-security"] },
    ]);
    const stanzas = text.trim().split("\n\n");
    expect(stanzas).toHaveLength(2);
    expect(stanzas[0]).toBe(
      "Types: deb\nURIs: http://a/\nSuites: trixie trixie-updates\nComponents: main\n" +
        "Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg",
    );
  });

  it.each([
    ["http://localhost:1/", true],
    ["http://127.1.2.3/", true],
    ["http://[::1]:3142", true],
    ["http://mirror.example/", false],
  ])("%s is loopback: %s", (url, expected) => {
    expect(isLoopback(url)).toBe(expected);
  });

  it("shows addresses without logins", () => {
    expect(withoutLogin("http://u:p@h/x@y")).toBe("http://h/x@y");
  });
});
