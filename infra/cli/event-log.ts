import { closeSync, openSync, readSync } from "node:fs";
import type { EngineEvent } from "@pulumi/pulumi/automation/index.js";

/** How often the log is read, milliseconds. */
const lookEveryMs = 100;

/**
 * Follows the event log that the engine writes, one JSON object per line.
 *
 * @returns `end`, which reads what is left and stops.
 */
export function followEvents(path: string, onEvent: (event: EngineEvent) => void): { end(): void } {
  let file: number | undefined;
  let rest = Buffer.alloc(0);
  const chunk = Buffer.alloc(64 * 1024);

  const look = (): void => {
    file ??= openIfThere(path);
    if (file === undefined) return;
    for (;;) {
      const length = readSync(file, chunk);
      if (length === 0) return;
      rest = Buffer.concat([rest, chunk.subarray(0, length)]);
      // The last line may still be being written.
      const end = rest.lastIndexOf(0x0a);
      const lines = rest.subarray(0, end + 1).toString("utf8");
      rest = rest.subarray(end + 1);
      for (const line of lines.split("\n")) {
        if (line !== "") onEvent(JSON.parse(line) as EngineEvent);
      }
    }
  };

  const timer = setInterval(look, lookEveryMs);
  return {
    end: () => {
      clearInterval(timer);
      look();
      if (file !== undefined) closeSync(file);
    },
  };
}

function openIfThere(path: string): number | undefined {
  try {
    return openSync(path, "r");
  } catch (error) {
    // The engine makes it when it starts.
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
