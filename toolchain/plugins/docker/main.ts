import manifest from "@pulumi/docker/package.json" with { type: "json" };
import { startPlugin } from "../rpc/start.ts";
import { serveProvider } from "../rpc/resource-provider.ts";
import { dockerProvider } from "./plugin.ts";

startPlugin(() => serveProvider(dockerProvider(manifest.version)));
