import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { GatewayRender, GatewayRoute } from "../../../components/gateway/gateway-routes.ts";
import { gatewaySchema } from "../../../components/gateway/gateway.schema.ts";
import {
  gatewayFiles,
  renderHaproxy,
  renderTokenMap,
} from "../../../components/gateway/haproxy.render.ts";

const hash = (digit: string) => digit.repeat(64);

function route(server: string, port: number, ...backends: string[]): GatewayRoute {
  return {
    server,
    port,
    backends: backends.map((name) => ({ name, address: name, port, weight: 100 })),
  };
}

function input(change: Partial<GatewayRender> = {}): GatewayRender {
  return {
    spec: gatewaySchema.parse({}),
    routes: [route("scene", 3002, "scene-1"), route("book-planning", 3001, "book-planning-1")],
    tokens: [{ client: "default", sha256: hash("a") }],
    ...change,
  };
}

/** Section header -> its lines: what HAProxy itself would see. */
function sections(config: string): Map<string, string[]> {
  const found = new Map<string, string[]>();
  let current: string[] = [];
  for (const line of config.split("\n")) {
    if (/^\S/.test(line)) found.set(line, (current = []));
    else if (line.trim() !== "") current.push(line.trim());
  }
  return found;
}

function section(config: string, name: string): string[] {
  const found = sections(config).get(name);
  if (found === undefined) throw new Error(`no section ${name}`);
  return found;
}

/** What is rendered for one server, `scene`, with these backends. */
function scene(...backends: GatewayRoute["backends"]) {
  const files = renderHaproxy(input({ routes: [{ server: "scene", port: 3002, backends }] }));
  const lines = section(files["haproxy.cfg"], "backend scene");
  const starting = (start: string) => lines.filter((line) => line.startsWith(start));
  return {
    affinity: files["affinity.map"],
    servers: starting("server "),
    refusals: starting("http-request return status 404"),
  };
}

describe("renderHaproxy", () => {
  it("gives every server a path, a port, a place for its sessions and a backend", () => {
    const files = renderHaproxy(input());
    expect(Object.keys(files).sort()).toEqual([...gatewayFiles].sort());
    expect(files["routes.map"]).toBe("/book-planning/mcp book-planning\n/scene/mcp scene\n");
    expect(files["ports.map"]).toBe("3001 book-planning\n3002 scene\n");
    expect(files["affinity.map"]).toBe(
      "book-planning/book-planning-1 book-planning\nscene/scene-1 scene\n",
    );
    expect(section(files["haproxy.cfg"], "backend scene")).toContain(
      "server scene-1 scene-1:3002 weight 100",
    );
    expect(
      section(files["haproxy.cfg"], "frontend gateway_public").filter((line) =>
        line.startsWith("bind"),
      ),
    ).toEqual([
      "bind :8080",
      "bind :3001",
      "bind :3002",
      "bind unix@/run/haproxy/handover.sock mode 600 accept-proxy",
    ]);
  });

  it("opens one port only when servers have none of their own", () => {
    const files = renderHaproxy(input({ spec: gatewaySchema.parse({ serverPorts: false }) }));
    expect(files["ports.map"]).toBe("");
    expect(files["haproxy.cfg"].match(/^ {2}bind :.*/gm)).toEqual(["  bind :8080", "  bind :8405"]);
  });

  it("keeps weights, so that two releases can share a route", () => {
    const { affinity, servers } = scene(
      { name: "scene-new", address: "10.0.0.2", port: 3002, weight: 5 },
      { name: "scene-old", address: "10.0.0.1", port: 3002, weight: 95 },
    );
    expect(servers).toEqual([
      "server scene-new 10.0.0.2:3002 weight 5",
      "server scene-old 10.0.0.1:3002 weight 95",
    ]);
    expect(affinity).toBe("scene/scene-new scene\nscene/scene-old scene\n");
  });

  it("keeps the release before as a spare that holds its sessions and may be gone", () => {
    const { affinity, servers, refusals } = scene(
      { name: "scene-new", address: "scene-new", port: 3002, weight: 100 },
      { name: "scene-old", address: "scene-old", port: 3002, weight: 0, draining: true },
    );
    expect(servers).toEqual([
      "server scene-new scene-new:3002 weight 100 observe layer4 error-limit 2 on-error mark-down",
      "server scene-old scene-old:3002 weight 100 backup init-addr last,none",
    ]);
    expect(refusals).toHaveLength(1);
    expect(refusals[0]).toContain('"code":-32001');
    expect(refusals[0]).toMatch(
      / if \{ var\(txn\.backend\) -m str scene-old \} !\{ srv_is_up\(scene-old\) \}$/,
    );
    expect(affinity).toBe("scene/scene-new scene\nscene/scene-old scene\n");
  });

  it("shares what is new with the release before while it moves over in steps", () => {
    const { servers } = scene(
      { name: "scene-new", address: "scene-new", port: 3002, weight: 10 },
      { name: "scene-old", address: "scene-old", port: 3002, weight: 90, draining: true },
    );
    expect(servers).toEqual([
      "server scene-new scene-new:3002 weight 10",
      "server scene-old scene-old:3002 weight 90 init-addr last,none",
    ]);
  });

  it("holds nobody up for copies that come and go with the load, and says so when one takes its sessions along", () => {
    const backend = (name: string) => ({ name, address: name, port: 3002, weight: 100 });
    const { servers, refusals } = scene(backend("scene-0"), {
      ...backend("scene-1"),
      elastic: true,
    });
    expect(servers).toEqual([
      "server scene-0 scene-0:3002 weight 100",
      "server scene-1 scene-1:3002 weight 100 init-addr last,none",
    ]);
    expect(refusals).toHaveLength(1);
    expect(refusals[0]).toMatch(
      / if \{ var\(txn\.backend\) -m str scene-1 \} !\{ srv_is_up\(scene-1\) \}$/,
    );
  });

  it("renders a server in maintenance as a route without backends", () => {
    const files = renderHaproxy(input({ routes: [route("scene", 3002)] }));
    expect(files["routes.map"]).toBe("/scene/mcp scene\n");
    expect(section(files["haproxy.cfg"], "backend scene").join("\n")).not.toMatch(
      /^server |use-server/m,
    );
  });

  it.each([
    [{ maxBodyBytes: 4096 }, "req.hdr_val(Content-Length) gt 4096"],
    [{ rateLimit: { requests: 7, perSeconds: 9 } }, "sc_http_req_rate(1) gt 7"],
    [{ rateLimit: { requests: 7, perSeconds: 9 } }, "hdr Retry-After '9'"],
    [{ rateLimit: { requests: 7, perSeconds: 9 } }, "store http_req_rate(9s),conn_cur"],
    [{ maxConcurrentPerClient: 3 }, "sc_conn_cur(1) gt 3"],
    [{ streamTimeoutSeconds: 77 }, "timeout server 77s"],
    [{ streamTimeoutSeconds: 77 }, "set-timeout client 77s"],
    [{ hardStopAfterSeconds: 88 }, "hard-stop-after 88s"],
    [{ cpus: 2.5 }, "nbthread 3"],
    [{ cpus: 0.1 }, "nbthread 1"],
    [{ memoryMb: 100 }, "maxconn 800"],
  ])("turns %j into %s", (spec, expected) => {
    expect(renderHaproxy(input({ spec: gatewaySchema.parse(spec) }))["haproxy.cfg"]).toContain(
      expected,
    );
  });

  it("lists origins once each", () => {
    const spec = gatewaySchema.parse({
      allowedOrigins: ["https://b.example", "https://a.example", "https://b.example"],
    });
    expect(renderHaproxy(input({ spec }))["origins.lst"]).toBe(
      "https://a.example\nhttps://b.example\n",
    );
  });

  it("tells versions apart by what they do, not by who may log in", () => {
    const version = (change: Partial<GatewayRender>) =>
      /^ {2}description (\w+)$/m.exec(renderHaproxy(input(change))["haproxy.cfg"])?.[1];
    expect(version({})).toMatch(/^[0-9a-f]{16}$/);
    expect(version({ tokens: [] })).toBe(version({}));
    expect(version({ routes: [route("scene", 3002, "scene-2")] })).not.toBe(version({}));
    expect(
      version({ spec: gatewaySchema.parse({ allowedOrigins: ["https://a.example"] }) }),
    ).not.toBe(version({}));
  });

  it("takes 500 servers", () => {
    const routes = Array.from({ length: 500 }, (_, index) =>
      route(`server-${index}`, 10_000 + index, `server-${index}-a1b2c3d`),
    );
    const files = renderHaproxy(input({ routes }));
    expect(files["routes.map"].trim().split("\n")).toHaveLength(500);
    expect(new Set(files["ports.map"].trim().split("\n")).size).toBe(500);
    expect(files["haproxy.cfg"].match(/^backend server-/gm)).toHaveLength(500);
  });

  const slugs = fc.uniqueArray(fc.stringMatching(/^[a-z][a-z0-9]{0,6}(-[a-z0-9]{1,6}){0,2}$/), {
    minLength: 1,
    maxLength: 12,
  });

  it("gives the same bytes for the same servers, backends, tokens and origins in any order", () => {
    fc.assert(
      fc.property(slugs, fc.infiniteStream(fc.nat()), (names, random) => {
        const shuffled = <T>(all: readonly T[]): T[] =>
          all
            .map((item) => ({ item, key: random.next().value as number }))
            .sort((a, b) => a.key - b.key)
            .map(({ item }) => item);
        const routes = names.map((name, index) =>
          route(name, 3001 + index, `${name}-a`, `${name}-b`, `${name}-c`),
        );
        const tokens = names.map((client, index) => ({
          client,
          sha256: index.toString(16).padStart(64, "0"),
        }));
        const origins = names.map((name) => `https://${name}.example`);
        const render = (order: <T>(all: readonly T[]) => T[]) =>
          renderHaproxy({
            spec: gatewaySchema.parse({ allowedOrigins: order(origins) }),
            routes: order(routes.map((one) => ({ ...one, backends: order(one.backends) }))),
            tokens: order(tokens),
          });
        expect(render(shuffled)).toEqual(render((all) => [...all]));
      }),
    );
  });

  it("routes each name to itself and never into a section of the gateway's own", () => {
    fc.assert(
      fc.property(slugs, (names) => {
        const files = renderHaproxy(
          input({ routes: names.map((name, index) => route(name, 3001 + index, `${name}-1`)) }),
        );
        const backends = [...sections(files["haproxy.cfg"]).keys()].filter((s) =>
          s.startsWith("backend "),
        );
        expect(new Set(backends).size).toBe(names.length + 3);
        for (const name of names)
          expect(files["routes.map"].split("\n")).toContain(`/${name}/mcp ${name}`);
      }),
    );
  });

  it("names every problem at once", () => {
    const routes: GatewayRoute[] = [
      route("scene", 8080, "a.b"),
      route("scene", 3001, "x", "x"),
      { server: "Bad name", port: 3001, backends: [] },
      {
        server: "metrics",
        port: 8405,
        backends: [{ name: "m", address: "host evil", port: 1, weight: 300 }],
      },
    ];
    expect(() => renderHaproxy(input({ routes }))).toThrow(
      [
        "gateway has 9 problem(s):",
        "  routes[0].port: got 8080, which belongs to the gateway itself; pick another, or set gateway.serverPorts: false",
        '  routes[0].backends[0].name: got "a.b"; use letters, digits, - and _ (a dot ends it in session ids)',
        "  routes[1].server: scene is already routes[0]; name each once",
        "  routes[1].backends[1].name: x is there twice; name each backend of a server once",
        '  routes[2].server: got "Bad name"; use lower-case letters, digits and dashes',
        "  routes[2].port: got 3001, which belongs to server scene; pick another, or set gateway.serverPorts: false",
        "  routes[3].port: got 8405, which belongs to the gateway's metrics; pick another, or set gateway.serverPorts: false",
        '  routes[3].backends[0].address: got "host evil"; use a host name or an IP address',
        "  routes[3].backends[0].weight: got 300; use a whole number from 0 to 256",
      ].join("\n"),
    );
  });
});

describe("renderTokenMap", () => {
  it("lists hash and client, sorted, once each", () => {
    const tokens = [
      { client: "b", sha256: hash("2") },
      { client: "a", sha256: hash("1") },
      { client: "b", sha256: hash("2") },
    ];
    expect(renderTokenMap(tokens)).toBe(`${hash("1")} a\n${hash("2")} b\n`);
    expect(renderTokenMap([])).toBe("");
  });

  it("refuses a token that two clients share, and anything that is not a hash, without repeating it", () => {
    expect(() =>
      renderTokenMap([
        { client: "b", sha256: hash("1") },
        { client: "a", sha256: hash("1") },
      ]),
    ).toThrow("clients a and b have the same token");
    const attempt = () => renderTokenMap([{ client: "a", sha256: "a-token-in-the-clear" }]);
    expect(attempt).toThrow("client a: not a SHA-256");
    expect(attempt).not.toThrow("in-the-clear");
  });
});
