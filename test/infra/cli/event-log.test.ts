import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { followEvents } from "../../../infra/cli/event-log.ts";

let directory: string;
let log: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "mcp-fleet-events-"));
  log = join(directory, "events.json");
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

function follow() {
  const sequences: number[] = [];
  const follower = followEvents(log, ({ sequence }) => sequences.push(sequence));
  return { sequences, end: () => follower.end() };
}

describe("the event log", () => {
  it("is followed while it grows, also when a line comes in pieces", async () => {
    const { sequences, end } = follow();
    writeFileSync(log, '{"sequence":1}\n{"sequ');
    await vi.waitFor(() => expect(sequences).toEqual([1]));
    appendFileSync(log, 'ence":2}\n');
    await vi.waitFor(() => expect(sequences).toEqual([1, 2]));
    end();
  });

  it("is read to its end before it is left, letters of several bytes at any place", () => {
    const { sequences, end } = follow();
    const text = "ä".repeat(40_001);
    for (const sequence of [1, 2, 3])
      appendFileSync(log, `${JSON.stringify({ sequence, text })}\n`);
    end();
    expect(sequences).toEqual([1, 2, 3]);
  });

  it("may never come", () => {
    const { sequences, end } = follow();
    end();
    expect(sequences).toEqual([]);
  });
});
