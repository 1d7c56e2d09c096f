import { isIP } from "node:net";
import { z } from "zod";
import { cpus, imageReference, memoryMb, port, seconds, slug } from "../shared.schema.ts";

const origin = z.string().regex(/^https?:\/\/[a-z0-9.-]+(:[0-9]{1,5})?$/, {
  error: "an origin without path, as in https://app.example.com",
});

/** HAProxy in front of all servers. */
export const gatewaySchema = z.strictObject({
  image: imageReference
    .optional()
    .describe("Own HAProxy 3.0 image; default: built from `images/haproxy`."),
  bind: z
    .string()
    .refine((value) => isIP(value) !== 0, {
      error: "an IP address of this machine, as in 127.0.0.1",
    })
    .default("127.0.0.1")
    .describe(
      "Address of the host that the gateway's ports bind to. Loopback by default: there is no TLS yet.",
    ),
  port: port.default(8080).describe("One port for all servers: `/<server>/mcp`."),
  serverPorts: z
    .boolean()
    .default(true)
    .describe(
      "Also publish each server's own port (3001-3010) on loopback, for clients of the source system.",
    ),
  serverPortOffset: z
    .int()
    .min(0)
    .max(60_000)
    .default(0)
    .describe("Host port = server port + offset, so that two stacks can share a machine."),
  clients: z
    .array(
      z.strictObject({ name: slug.describe("Names the client's tokens, limits and metrics.") }),
    )
    .min(1, { error: "at least the client default" })
    .default([{ name: "default" }])
    .describe("Each client has a primary and a backup bearer token."),
  allowedOrigins: z
    .array(origin)
    .default([])
    .describe(
      "Browser origins that may call. Requests without an Origin header are not from a browser and pass.",
    ),
  maxBodyBytes: z
    .int()
    .min(1024)
    .max(104_857_600)
    .default(1_048_576)
    .describe("Larger request bodies get 413."),
  rateLimit: z
    .strictObject({
      requests: z
        .int()
        .min(1)
        .max(100_000_000)
        .default(120_000)
        .describe("Requests of one client per window."),
      perSeconds: seconds(1, 3600).default(60).describe("Length of the window, seconds."),
    })
    .prefault({})
    .describe("Per client; above it 429 with Retry-After."),
  maxConcurrentPerClient: z
    .int()
    .min(1)
    .max(100_000)
    .default(1000)
    .describe("Concurrent requests of one client, streams included."),
  streamTimeoutSeconds: seconds(60, 86_400)
    .default(3600)
    .describe("An event stream may be silent for so long."),
  hardStopAfterSeconds: seconds(60, 86_400)
    .default(3600)
    .describe(
      "After a reload, old streams may live on for so long; must exceed the longest tool call.",
    ),
  memoryMb: memoryMb.default(256).describe("Memory limit, MiB."),
  cpus: cpus.default(2).describe("CPU limit, cores."),
});
export type GatewaySpec = z.output<typeof gatewaySchema>;
