// What Pulumi starts: the program of index.ts, loaded as one file.
import { createRequire } from "node:module";

const { load } = createRequire(import.meta.url)("../toolchain/bundled.cjs");
const { default: program } = await load("infra/index.ts");
// Taken for a program without resources, it would delete all that the stack has.
if (typeof program !== "function") throw new Error("infra/index.ts exports no program");

export default program;
