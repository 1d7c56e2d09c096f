import { isIP } from "node:net";
import { z } from "zod";
import { cpus, imageReference, memoryMb, port, seconds, slug } from "../shared.schema.ts";

const origin = z.string().regex(/^https?:\/\/[a-z0-9.-]+(:[0-9]{1,5})?$/, {
  error: "an origin without path, as in https://app.example.com",
});

/** HAProxy in front of all servers. */
export const gatewaySchema = z.strictObject({
  image: imageReference.optional(),
  /** Address of the host that the gateway's ports bind to. Loopback by default: there is no TLS yet. */
  bind: z
    .string()
    .refine((value) => isIP(value) !== 0, { error: "an IP address of this machine, as in 127.0.0.1" })
    .default("127.0.0.1"),
  /** One port for all servers: `/<server>/mcp`. */
  port: port.default(8080),
  /** Also publish each server's own port (3001-3010) on loopback, for clients of the source system. */
  serverPorts: z.boolean().default(true),
  /** Host port = server port + offset, so that two stacks can share a machine. */
  serverPortOffset: z.int().min(0).max(60_000).default(0),
  /** Each client has a primary and a backup bearer token. */
  clients: z
    .array(z.strictObject({ name: slug }))
    .min(1, { error: "at least the client default" })
    .default([{ name: "default" }]),
  /** Browser origins that may call. Requests without an Origin header are not from a browser and pass. */
  allowedOrigins: z.array(origin).default([]),
  /** Larger request bodies get 413. */
  maxBodyBytes: z.int().min(1024).max(104_857_600).default(1_048_576),
  /** Per client; above it 429 with Retry-After. */
  rateLimit: z
    .strictObject({
      requests: z.int().min(1).max(100_000_000).default(120_000),
      perSeconds: seconds(1, 3600).default(60),
    })
    .prefault({}),
  /** Concurrent requests of one client, streams included. */
  maxConcurrentPerClient: z.int().min(1).max(100_000).default(1000),
  /** An event stream may be silent for so long. */
  streamTimeoutSeconds: seconds(60, 86_400).default(3600),
  /** After a reload, old streams may live on for so long; must exceed the longest tool call. */
  hardStopAfterSeconds: seconds(60, 86_400).default(3600),
  memoryMb: memoryMb.default(256),
  cpus: cpus.default(2),
});
export type GatewaySpec = z.output<typeof gatewaySchema>;
