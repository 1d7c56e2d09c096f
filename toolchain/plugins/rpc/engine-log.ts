import { credentials } from "@grpc/grpc-js";
import engineProto from "@pulumi/pulumi/proto/engine_pb.js";
import engineGrpc from "@pulumi/pulumi/proto/engine_grpc_pb.js";

export type Severity = "info" | "warning";

/** Tells the user something about a resource, through the engine. */
export interface EngineLog {
  /** Stays on the screen. */
  log(severity: Severity, urn: string, message: string): void;
  /** Replaces what was said of the resource before, while it is worked on; "" takes it away. */
  status(severity: Severity, urn: string, message: string): void;
}

/** @param address of the engine; without one, nothing is said: a plugin can be started by hand */
export function engineLog(address: string | undefined): EngineLog {
  if (address === undefined) return { log: () => undefined, status: () => undefined };
  let client: engineGrpc.EngineClient | undefined;
  let sent: Promise<void> = Promise.resolve();
  const send = (severity: Severity, urn: string, message: string, ephemeral: boolean) => {
    const request = new engineProto.LogRequest();
    const { INFO, WARNING } = engineProto.LogSeverity;
    request.setSeverity(severity === "warning" ? WARNING : INFO);
    request.setUrn(urn);
    request.setMessage(message);
    request.setEphemeral(ephemeral);
    client ??= new engineGrpc.EngineClient(address, credentials.createInsecure());
    const engine = client;
    // One after the other, or an old status would come after a new one. An engine that is gone needs none.
    sent = sent.then(() => new Promise((resolve) => void engine.log(request, () => resolve())));
  };
  return {
    log: (severity, urn, message) => send(severity, urn, message, false),
    status: (severity, urn, message) => send(severity, urn, message, true),
  };
}
