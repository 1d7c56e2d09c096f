import { createRequire } from "node:module";
import { join } from "node:path";

/**
 * Serves the dynamic resources of a program: starts the server that is part of the program's own
 * SDK. The engine runs this in the program's folder, with its own address as the argument.
 */
// It ends by `exit`, so that the compiled code is kept.
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(0));

const fromProgram = createRequire(join(process.cwd(), "program.js"));
fromProgram("@pulumi/pulumi/cmd/dynamic-provider");
