import { Readable } from "node:stream";
import { finished } from "node:stream/promises";
import { it } from "vitest";
import { docker } from "../support/engine.ts";
import type { DrillFleet } from "./support/drill-fleet.ts";
import { expectEvidence } from "./support/evidence.ts";

interface BadRelease {
  readonly title: string;
  readonly set: string;
  /** Which probe of which server says it. */
  readonly says: readonly RegExp[];
  readonly lostBy?: RegExp;
  /** What the server's kept log has; without: it never ran. */
  readonly log?: RegExp;
}

const fault = (kind: string): string => `servers.scene.env.FAULT=${kind}`;

const releases: readonly BadRelease[] = [
  {
    title: "server exits",
    set: fault("exit"),
    says: [/scene\/\w+: failed/, /gate private FAILED/],
    log: /FAULT/,
  },
  {
    title: "never ready",
    set: fault("unready"),
    says: [/scene\/ready: failed/, /gate private FAILED/],
    log: /FAULT/,
  },
  {
    title: "broken handshake",
    set: fault("no-mcp"),
    says: [/scene\/mcp: failed/, /gate private FAILED/],
    log: /FAULT/,
  },
  {
    title: "slow calls",
    set: fault("slow:2000"),
    says: [/scene\/\S+: failed/, /gate public FAILED/],
    log: /FAULT/,
  },
  {
    title: "failing calls",
    set: fault("fail:0.2"),
    says: [/scene\/\S+: failed/, /gate public FAILED/],
    lostBy: /tool error|JSON-RPC|HTTP 500/,
    log: /FAULT/,
  },
];

/** A new release whose server has one fault: the old one is exactly as it was, and nobody noticed. */
export function badReleases(
  fleet: DrillFleet,
  titles: readonly string[] = releases.map(({ title }) => title),
): void {
  const chosen = releases.filter(({ title }) => titles.includes(title));
  it.each(chosen)("rolls back: $title", async ({ title, set, says, lostBy, log }) => {
    const expected = {
      exit: 10,
      says: [...says, /ROLLED BACK in [\d.]+ s: release r-\w+ failed, release r-\w+ is live/],
      ...(lostBy && { lostBy }),
    };
    await fleet.fails(title, expected, () => fleet.up(set));
    if (log) expectEvidence(fleet, "scene", log);
  });
}

/** Nothing is begun for what cannot be had; what is there and cannot run is found by the engine. */
export function badImages(fleet: DrillFleet): void {
  it("refuses: the image is missing", async () => {
    const says = [/servers\.scene\.image: got "mcp-fleet-none\/none:1", which is not on/];
    const set = "servers.scene.image=mcp-fleet-none/none:1";
    await fleet.fails("image is missing", { exit: 1, says }, () => fleet.up(set));
  });

  it("rolls back: the image has not the program that it names", async () => {
    const [repo, tag] = [`${fleet.stack}-empty`, "1"];
    await importEmptyImage(repo, tag);
    try {
      const says = [/\/no-program/, /ROLLED BACK in/];
      const set = `servers.scene.image=${repo}:${tag}`;
      await fleet.fails("image without its program", { exit: 10, says }, () => fleet.up(set));
    } finally {
      await docker.getImage(`${repo}:${tag}`).remove({ force: true });
    }
  });
}

/** An image of no files, whose command is not there. */
async function importEmptyImage(repo: string, tag: string): Promise<void> {
  const emptyArchive = Readable.from([Buffer.alloc(1024)]);
  const changes = ['CMD ["/no-program"]'];
  const progress = await docker.importImage(emptyArchive, { repo, tag, changes });
  await finished(progress.resume());
}

/** The process is up and its probes are served, but what it stands on is gone. */
export function cutOffRelease(fleet: DrillFleet): void {
  it("rolls back: the new server cannot reach the database", async () => {
    const says = [/scene\/(ready|database|mcp): failed/, /gate private FAILED/, /ROLLED BACK in/];
    await fleet.fails("database unreachable", { exit: 10, says }, async () => {
      const old = await fleet.container("scene");
      const run = fleet.startUp("servers.scene.env.DRILL=1");
      await run.said(/created Container \S+-scene /);
      await fleet.cutOff("scene", { except: old });
      return run.ended;
    });
    expectEvidence(fleet, "scene", /./);
  });
}
