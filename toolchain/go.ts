import { tmpdir } from "node:os";
import { ask } from "./exec.ts";
import { findProgram, type Machine } from "./machine.ts";
import { GO_FETCHES_ITSELF, isAtLeast } from "./versions.ts";

/** A Go that can build a module, or why there is none. */
export type GoFound = { readonly go: string } | { readonly problem: string };

/**
 * Looks for a Go of the version that a module asks for, or for one that fetches it.
 *
 * @param minimum version of the module's `go` line
 */
export async function findGo(machine: Machine, minimum: string): Promise<GoFound> {
  const go = await findProgram(machine, "go");
  if (go === undefined) return { problem: "no Go to build it with" };
  // Outside any module: inside one, Go would answer for the version which that module asks for.
  const answer = await ask(go, ["env", "GOVERSION", "GOTOOLCHAIN"], {
    timeoutMs: 5_000,
    env: machine.env,
    cwd: tmpdir(),
  });
  const [version = "", toolchain = ""] = answer?.stdout.split("\n") ?? [];
  if (isAtLeast(version, minimum)) return { go };
  const fetches = toolchain === "auto" || toolchain === "path" || toolchain.endsWith("+auto");
  if (fetches && isAtLeast(version, GO_FETCHES_ITSELF)) return { go };
  return {
    problem: `${go} is ${version || "of no known version"}, ${minimum} is needed to build it`,
  };
}
