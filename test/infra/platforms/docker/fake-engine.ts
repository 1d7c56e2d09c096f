import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import { join } from "node:path";
import { onTestFinished, vi } from "vitest";
import { scratchFolder } from "../../release/scratch.ts";

/** Has a test's Docker client speak to `answer`; the test has to put the environment back. */
export async function fakeEngine(answer: RequestListener): Promise<void> {
  const path = join(scratchFolder(), "engine");
  const server = createServer(answer).listen(path);
  await once(server, "listening");
  onTestFinished(() => void server.close());
  vi.stubEnv("DOCKER_HOST", `unix://${path}`);
}
