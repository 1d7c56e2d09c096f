import { describe, expect, it } from "vitest";
import { StatusLine } from "../../../infra/cli/status-line.ts";

/** What a terminal shows after these writes: each line, the one with the cursor last. */
function screenOf(text: string): string[] {
  return text.split("\n").map((line) => line.split("\r\u001b[2K").at(-1)!);
}

function terminal(columns?: number) {
  let written = "";
  const stream = {
    write: (text: string) => void (written += text),
    ...(columns && { columns }),
  };
  return { line: new StatusLine(stream), written: () => written, screen: () => screenOf(written) };
}

describe("the status line", () => {
  it("stays below what is printed", () => {
    const { line, screen } = terminal();
    line.show("  1s PREPARE");
    line.print("created Container scene");
    line.show("  2s GATE");
    line.print("two\nlines");
    expect(screen()).toEqual(["created Container scene", "two", "lines", "  2s GATE"]);
  });

  it("is taken away", () => {
    const { line, screen } = terminal();
    line.show("  1s PREPARE");
    line.show(undefined);
    line.print("done");
    expect(screen()).toEqual(["done", ""]);
  });

  it("never wraps, and is drawn once for the same text", () => {
    const { line, written, screen } = terminal(10);
    line.show("0123456789abc");
    expect(screen()).toEqual(["012345678"]);
    const before = written();
    line.show("0123456789xyz");
    expect(written()).toBe(before);
  });

  it("leaves plain text alone while there is no line", () => {
    const { line, written } = terminal();
    line.print("plain");
    expect(written()).toBe("plain\n");
  });
});
