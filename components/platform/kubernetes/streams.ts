import type { KubeConfig } from "@kubernetes/client-node";
import { KubernetesApiError } from "./api.ts";
import type { KubeAccess } from "./light-config.ts";

/** What is used of a connection to a pod: frames of one byte for the channel, and the content. */
export interface PodSocket {
  send(frame: Buffer, sent: (error?: Error) => void): void;
  close(): void;
  terminate(): void;
  pause(): void;
  resume(): void;
  on(event: "close", listener: () => void): void;
  on(event: "error", listener: (error: Error) => void): void;
}

/** Until the other side has answered a farewell, which can take half a minute, a socket keeps the process. */
const open = new Set<PodSocket>();

/** Ends all connections to pods at once. */
export function closePodSockets(): void {
  for (const socket of open) socket.terminate();
}

/** @param onFrame false closes the connection. */
export async function openPodSocket(
  config: KubeAccess,
  path: string,
  onFrame: (channel: number, content: Buffer) => boolean,
): Promise<PodSocket> {
  // The whole library takes a second to load; this part of it asks no more of a configuration than that.
  const { WebSocketHandler } = await import("@kubernetes/client-node/dist/web-socket-handler.js");
  try {
    const handler = new WebSocketHandler(config as unknown as KubeConfig);
    const socket = (await handler.connect(path, null, onFrame)) as PodSocket;
    open.add(socket);
    socket.on("close", () => open.delete(socket));
    return socket;
  } catch (error) {
    const { message = "no words" } = error as { readonly message?: string };
    const status = Number(/server response: (\d{3})/.exec(message)?.[1]);
    throw Number.isNaN(status) ? new Error(message) : new KubernetesApiError(status, "", message);
  }
}
