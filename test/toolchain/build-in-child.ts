/** A run of its own that a test can kill: builds the CLI of the fake machine in the directory given. */
import { join } from "node:path";
import { preparePulumi } from "../../toolchain/pulumi.ts";

const [, dir = "", root = ""] = process.argv;
await preparePulumi({
  root,
  cache: join(root, ".toolchain"),
  env: { PATH: join(dir, "bin"), HOME: join(dir, "home") },
  home: join(dir, "home"),
  accountHome: join(dir, "home"),
  isRoot: false,
  fsRoot: join(dir, "fs"),
  log: () => undefined,
  probe: () => Promise.resolve(false),
});
