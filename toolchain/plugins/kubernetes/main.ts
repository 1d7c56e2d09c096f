import manifest from "@pulumi/kubernetes/package.json" with { type: "json" };
import { engineLog } from "../rpc/engine-log.ts";
import { startPlugin } from "../rpc/start.ts";
import { serveProvider } from "../rpc/resource-provider.ts";
import { kubernetesProvider } from "./plugin.ts";

startPlugin(() =>
  serveProvider(kubernetesProvider(manifest.version, engineLog(process.argv[2]), process.env)),
);
