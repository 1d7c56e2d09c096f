import { once } from "node:events";
import { existsSync, statSync } from "node:fs";
import { connect } from "node:net";
import { dirname, join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { Link, LinkServer, type ReleaseEvent } from "../../../infra/release/link.ts";
import { deployment, thing } from "./deployment-records.ts";
import { scratchFolder } from "./scratch.ts";

const before = deployment(
  thing("a", "a-1", { outputs: { text: "ä\n\u2028 \u0000".repeat(20_000) } }),
);
const begin: ReleaseEvent = { kind: "begin", transaction: "t-1", release: "r-1" };

async function open() {
  const events: ReleaseEvent[] = [];
  const server = await LinkServer.open(
    () => ({ before }),
    (event) => events.push(event),
  );
  onTestFinished(() => server.close());
  return { server, events };
}

describe("a link", () => {
  it("answers with what is deployed, whatever is in it, and hears every event in its order", async () => {
    const { server, events } = await open();
    const link = await Link.connect(server.path);
    expect(await link.ask()).toEqual({ before });
    const told: ReleaseEvent[] = [
      begin,
      { kind: "phase", phase: "back", detail: "12 ms\nand more" },
      { kind: "answer", probe: "a/ready", subject: "a", verdict: "failed", detail: "503 ä" },
    ];
    told.forEach((event) => link.tell(event));
    await expect.poll(() => events).toEqual(told);
  });

  it("can be entered by this user alone, and is gone when it is closed", async () => {
    const { server } = await open();
    const folder = dirname(server.path);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    server.close();
    expect(existsSync(folder)).toBe(false);
  });

  it("survives a program that is killed in the middle of a word", async () => {
    const { server, events } = await open();
    const killed = connect(server.path);
    await once(killed, "connect");
    killed.end(`${JSON.stringify({ event: begin })}\n{"event":{"kind":"phase","ph`);
    await once(killed.resume(), "close");
    await expect.poll(() => events).toEqual([begin]);
    const link = await Link.connect(server.path);
    expect(await link.ask()).toEqual({ before });
  });

  it("refuses to go on without an answer", async () => {
    const { server } = await open();
    const silent = await import("node:net").then(({ createServer }) => createServer());
    const path = join(scratchFolder(), "silent");
    silent.on("connection", (socket) => socket.destroy());
    silent.listen(path);
    await once(silent, "listening");
    onTestFinished(() => void silent.close());
    const link = await Link.connect(path);
    await expect(link.ask()).rejects.toThrow("ended before it said what was deployed");
    server.close();
    await expect(Link.connect(server.path)).rejects.toThrow("ENOENT");
  });
});
