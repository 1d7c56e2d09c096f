import type { ServiceError } from "@grpc/grpc-js";
import * as pulumi from "@pulumi/pulumi";
import structProto from "google-protobuf/google/protobuf/struct_pb.js";
import proto from "@pulumi/pulumi/proto/resource_pb.js";
import type { WireValue } from "./deployment-values.ts";
import type { Properties } from "./deployment.ts";

export interface Registration {
  readonly urn: string;
  readonly id: string;
  /** As the engine answered; empty for components. */
  readonly outputs: Properties;
}

/** The engine's side of a running program, as promises. */
export interface Monitor {
  register(request: proto.RegisterResourceRequest): Promise<Registration>;
  read(request: proto.ReadResourceRequest): Promise<void>;
  registerOutputs(urn: string, outputs: WireValue): Promise<void>;
}

/** @throws outside of a program that the engine runs */
export function currentMonitor(): Monitor {
  const client = pulumi.runtime.getMonitor();
  if (client === undefined) throw new Error("the replay runs outside of the engine");
  return {
    async register(request) {
      const response = await call<proto.RegisterResourceResponse>((done) =>
        client.registerResource(request, done),
      );
      if (response.getResult() !== proto.Result.SUCCESS) {
        throw new Error(`${request.getType()} ${request.getName()}: the engine could not make it`);
      }
      return {
        urn: response.getUrn(),
        id: response.getId(),
        outputs: response.getObject()?.toJavaScript() ?? {},
      };
    },
    async read(request) {
      await call<proto.ReadResourceResponse>((done) => client.readResource(request, done));
    },
    async registerOutputs(urn, outputs) {
      const request = new proto.RegisterResourceOutputsRequest();
      request.setUrn(urn);
      request.setOutputs(toStruct(outputs));
      await call((done) => client.registerResourceOutputs(request, done));
    },
  };
}

export function toStruct(properties: WireValue): structProto.Struct {
  return structProto.Struct.fromJavaScript(
    properties as Record<string, structProto.JavaScriptValue>,
  );
}

function call<Response>(
  start: (done: (error: ServiceError | null, response: Response) => void) => unknown,
): Promise<Response> {
  return new Promise((resolve, reject) => {
    start((error, response) => {
      if (error === null) resolve(response);
      else reject(error);
    });
  });
}
