import { spawn } from "node:child_process";
import { access } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { packageRoot } from "./dependencies.ts";

/** Installs a program's packages with npm unless its SDK is there already. @throws if npm fails */
export async function installDependencies(
  programFolder: string,
  print: (text: Buffer) => void,
): Promise<void> {
  if (hasSdk(programFolder)) return;
  const root = await packageRoot(programFolder);
  if (root === undefined) throw new Error(`no package.json in or above ${programFolder}`);
  const locked = await access(join(root, "package-lock.json")).then(
    () => true,
    () => false,
  );
  const command = locked ? "ci" : "install";
  const code = await new Promise<number | null>((resolve, reject) => {
    const child = spawn("npm", [command], { cwd: root, stdio: ["ignore", "pipe", "pipe"] });
    child.stdout.on("data", print);
    child.stderr.on("data", print);
    child.once("error", reject);
    child.once("exit", resolve);
  });
  if (code !== 0) throw new Error(`npm ${command} in ${root} exited with code ${code ?? "none"}`);
}

function hasSdk(programFolder: string): boolean {
  try {
    createRequire(join(programFolder, "program.js")).resolve("@pulumi/pulumi");
    return true;
  } catch {
    return false;
  }
}
