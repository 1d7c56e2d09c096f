import { readdirSync, readFileSync, readlinkSync } from "node:fs";

/** State of a listening socket in `/proc/net/tcp`. */
const listening = "0A";

/**
 * Who listens on a TCP port of this machine: `nginx (process 812)`. Undefined where that cannot be known: outside
 * Linux, or for another user's process without root.
 */
export function portHolder(port: number, proc = "/proc"): string | undefined {
  const inodes = listeningInodes(port, proc);
  if (inodes.size === 0) return undefined;
  const pid = attempt(() => readdirSync(proc))
    ?.filter((name) => /^\d+$/.test(name))
    .find((name) => holds(`${proc}/${name}/fd`, inodes));
  if (pid === undefined) return undefined;
  const name = attempt(() => readFileSync(`${proc}/${pid}/comm`, "utf8").trim()) ?? "";
  return `${name || "a program"} (process ${pid})`;
}

/** Inodes of the sockets that listen on a port, of both families. */
function listeningInodes(port: number, proc: string): ReadonlySet<string> {
  const wanted = port.toString(16).toUpperCase().padStart(4, "0");
  const rows = ["tcp", "tcp6"].flatMap((file) =>
    (attempt(() => readFileSync(`${proc}/net/${file}`, "utf8")) ?? "").split("\n").slice(1),
  );
  return new Set(
    rows
      .map((row) => row.trim().split(/\s+/))
      .filter(([, local, , state]) => state === listening && local?.endsWith(`:${wanted}`))
      .map((columns) => columns[9] ?? ""),
  );
}

function holds(directory: string, inodes: ReadonlySet<string>): boolean {
  return (attempt(() => readdirSync(directory)) ?? []).some((fd) => {
    const target = attempt(() => readlinkSync(`${directory}/${fd}`)) ?? "";
    return inodes.has(/^socket:\[(\d+)\]$/.exec(target)?.[1] ?? "none");
  });
}

/** Processes end and descriptors close while they are looked at. */
function attempt<Value>(read: () => Value): Value | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
