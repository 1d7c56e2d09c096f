import { cpSync, mkdirSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** Root of this project. */
export const project = fileURLToPath(new URL("../..", import.meta.url));

/** Makes an empty project that has these files of `toolchain/`; its root, for the caller to remove. */
export function scratchProject(...files: readonly string[]): string {
  const root = mkdtempSync(join(tmpdir(), "mcp-fleet-scratch-"));
  mkdirSync(join(root, "toolchain"));
  for (const file of files) cpSync(join(project, "toolchain", file), join(root, "toolchain", file));
  return root;
}
