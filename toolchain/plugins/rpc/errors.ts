import { Metadata, status, type ServiceError } from "@grpc/grpc-js";
import anyProto from "google-protobuf/google/protobuf/any_pb.js";
import providerProto from "@pulumi/pulumi/proto/provider_pb.js";
import statusProto from "@pulumi/pulumi/proto/status_pb.js";
import { InitializationFailed } from "./provider.ts";
import { toStruct } from "./struct.ts";

/** The gRPC form of whatever a handler threw. */
export function toServiceError(error: unknown): ServiceError {
  const cause = error instanceof Error ? error : new Error(String(error));
  const metadata = new Metadata();
  if (error instanceof InitializationFailed) metadata.set(DETAILS, initializationDetails(error));
  return Object.assign(new Error(cause.message), {
    code: status.UNKNOWN,
    details: cause.message,
    metadata,
  });
}

/** Metadata key under which gRPC libraries look for structured details. */
const DETAILS = "grpc-status-details-bin";

/** Tells the engine that the object exists and what it is like, though making it failed. */
function initializationDetails(error: InitializationFailed): Buffer {
  const failure = new providerProto.ErrorResourceInitFailed();
  failure.setId(error.id);
  failure.setProperties(toStruct(error.properties));
  failure.setReasonsList([...error.reasons]);
  if (error.liveInputs !== undefined) failure.setInputs(toStruct(error.liveInputs));
  const packed = new anyProto.Any();
  packed.pack(failure.serializeBinary(), "pulumirpc.ErrorResourceInitFailed");
  const message = new statusProto.Status();
  message.setCode(status.UNKNOWN);
  message.setMessage(error.message);
  message.addDetails(packed);
  return Buffer.from(message.serializeBinary());
}
