import { fileURLToPath } from "node:url";

/** Absolute path of the project. */
export const rootDir = fileURLToPath(new URL("..", import.meta.url)).replace(/\/$/, "");
