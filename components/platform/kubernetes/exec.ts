import type { Executed } from "../transport.ts";
import type { KubernetesClient } from "./client.ts";
import { openPodSocket, type PodSocket } from "./streams.ts";

const channels = { stdout: 1, stderr: 2, status: 3 } as const;

/** The last frame of a command. */
interface Ended {
  readonly status?: string;
  readonly message?: string;
  readonly details?: {
    readonly causes?: readonly { readonly reason?: string; readonly message?: string }[];
  };
}

/**
 * Runs a command inside a container of a pod; output is stdout and stderr as they came.
 *
 * @throws KubernetesApiError if it cannot be started, the network's own error if the connection ends before it does.
 */
export async function execIn(
  client: KubernetesClient,
  { pod, container }: { readonly pod: string; readonly container: string },
  command: readonly string[],
  signal?: AbortSignal,
): Promise<Executed> {
  signal?.throwIfAborted();
  const query = new URLSearchParams({ container, stdout: "true", stderr: "true" });
  for (const part of command) query.append("command", part);
  const output: Buffer[] = [];
  let ended: Ended | undefined;
  const socket = await openPodSocket(
    client.config,
    `${client.path("v1", "pods", pod)}/exec?${query.toString()}`,
    (channel, content) => {
      if (channel === channels.stdout || channel === channels.stderr) output.push(content);
      if (channel !== channels.status) return true;
      ended = JSON.parse(content.toString("utf8")) as Ended;
      return false;
    },
  );
  await untilClosed(socket, signal);
  if (ended === undefined) throw new Error(`the connection to ${pod} ended before the command did`);
  return answerOf(ended, Buffer.concat(output).toString("utf8"));
}

function untilClosed(socket: PodSocket, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      socket.terminate();
      reject(new Error("no answer in time"));
    };
    if (signal?.aborted) return stop();
    signal?.addEventListener("abort", stop, { once: true });
    socket.on("close", () => {
      signal?.removeEventListener("abort", stop);
      resolve();
    });
    socket.on("error", reject);
  });
}

function answerOf({ status, message = "", details }: Ended, output: string): Executed {
  if (status === "Success") return { code: 0, output };
  const code = details?.causes?.find(({ reason }) => reason === "ExitCode")?.message;
  if (code !== undefined) return { code: Number(code), output };
  // As a shell says that there is no such program.
  const missing = /exec: ".*?": (?:executable file not found|.*no such file or directory).*/s.exec(
    message,
  );
  if (missing) return { code: 127, output: missing[0] };
  throw new Error(message || "the command ended without a status");
}
