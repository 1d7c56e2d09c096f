import type Docker from "dockerode";
import { bridgedProvider } from "../bridge/bridged-provider.ts";
import type { Provider } from "../rpc/provider.ts";
import { containerType } from "./container/container.ts";
import { connect } from "./engine.ts";
import { networkType } from "./network/network.ts";
import { remoteImageType } from "./remote-image/remote-image.ts";
import { volumeType } from "./volume/volume.ts";

/**
 * The stand-in for the official docker plugin.
 *
 * @param version version of the official plugin that it answers like
 */
export function dockerProvider(version: string): Provider {
  let docker: Docker | undefined;
  let host: string | undefined;
  const engine = () => (docker ??= connect(host));
  return bridgedProvider({
    name: "docker",
    version,
    types: [
      containerType(engine),
      networkType(engine),
      volumeType(engine),
      remoteImageType(engine),
    ],
    settings: ["host"],
    configure(args) {
      host = typeof args.host === "string" ? args.host : undefined;
      docker = undefined;
    },
  });
}
