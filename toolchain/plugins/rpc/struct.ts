import structProto from "google-protobuf/google/protobuf/struct_pb.js";
import type { Properties } from "../bridge/values.ts";

/** Property values as the protocol carries them. */
export type Struct = structProto.Struct;

export function fromStruct(struct: Struct | undefined): Properties {
  return struct === undefined ? {} : struct.toJavaScript();
}

export function toStruct(properties: Properties): Struct {
  return structProto.Struct.fromJavaScript(properties);
}
