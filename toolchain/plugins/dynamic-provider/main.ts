import { createRequire } from "node:module";
import { join } from "node:path";
import { endWithEngine } from "../rpc/start.ts";

/**
 * Serves the dynamic resources of a program: starts the server that is part of the program's own
 * SDK. The engine runs this in the program's folder, with its own address as the argument.
 */
endWithEngine();

const fromProgram = createRequire(join(process.cwd(), "program.js"));
fromProgram("@pulumi/pulumi/cmd/dynamic-provider");
