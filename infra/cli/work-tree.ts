import { execFile } from "node:child_process";
import { promisify } from "node:util";

/** Commit and state of the work tree that is deployed; null outside of one. */
export async function workTree(
  rootDir: string,
): Promise<{ readonly sha: string; readonly dirty: boolean } | null> {
  const git = async (...args: string[]) =>
    (await promisify(execFile)("git", args, { cwd: rootDir })).stdout.trim();
  try {
    const [sha, changes] = await Promise.all([
      git("rev-parse", "HEAD"),
      git("status", "--porcelain", "--untracked-files=no"),
    ]);
    return { sha, dirty: changes !== "" };
  } catch {
    return null;
  }
}
