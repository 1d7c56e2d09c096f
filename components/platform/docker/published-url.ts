import { isIPv6 } from "node:net";
import type { PublishedPort } from "../platform.ts";

/** Where this machine reaches what is published on an address of its own. */
export function publishedUrl({ hostIp, hostPort }: PublishedPort): string {
  return `http://${reachableHost(hostIp)}:${hostPort}`;
}

function reachableHost(bind: string): string {
  if (bind === "0.0.0.0" || bind === "::") return "127.0.0.1";
  return isIPv6(bind) ? `[${bind}]` : bind;
}
