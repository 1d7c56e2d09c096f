import manifest from "@pulumi/random/package.json" with { type: "json" };
import { startPlugin } from "../rpc/start.ts";
import { serveProvider } from "../rpc/resource-provider.ts";
import { randomProvider } from "./plugin.ts";

startPlugin(() => serveProvider(randomProvider(manifest.version)));
