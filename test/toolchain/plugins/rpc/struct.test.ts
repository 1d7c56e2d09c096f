import fc from "fast-check";
import jspb from "google-protobuf";
import structProto from "google-protobuf/google/protobuf/struct_pb.js";
import { describe, expect, it } from "vitest";
import type { Properties } from "../../../../toolchain/plugins/bridge/values.ts";
import { fromStruct, toStruct } from "../../../../toolchain/plugins/rpc/struct.ts";
import { anyText } from "../../../any-text.ts";

const bytesOf = (properties: Properties): Uint8Array => toStruct(properties).serializeBinary();
const readBack = (bytes: Uint8Array): Properties =>
  fromStruct(structProto.Struct.deserializeBinary(bytes));

/** The same through the generated code: messages of values, which have no content of their own here. */
const generated = (value: Properties[string]): Uint8Array =>
  structProto.Value.fromJavaScript(value as never).serializeBinary();

const property = fc.letrec<{ value: Properties[string] }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small" },
    fc.constant(null),
    fc.boolean(),
    fc.double({ noNaN: true }),
    anyText,
    fc.array(tie("value"), { maxLength: 4 }),
    fc.dictionary(fc.string(), tie("value"), { maxKeys: 4, noNullPrototype: true }),
  ),
})).value;
const properties = fc.dictionary(fc.string(), property, { maxKeys: 6, noNullPrototype: true });

describe("structs on the wire", () => {
  it("come back as they were", () => {
    fc.assert(
      fc.property(properties, (given) => {
        expect(readBack(bytesOf(given))).toEqual(given);
      }),
    );
  });

  it("are what the generated code writes and reads", () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.double({ noNaN: true }), anyText, fc.boolean(), fc.constant(null)),
        (leaf) => {
          const entry = new jspb.BinaryWriter();
          entry.writeString(1, "key");
          entry.writeBytes(2, generated(leaf));
          const struct = new jspb.BinaryWriter();
          struct.writeBytes(1, entry.getResultBuffer());
          expect(Buffer.from(bytesOf({ key: leaf }))).toEqual(
            Buffer.from(struct.getResultBuffer()),
          );
          expect(readBack(struct.getResultBuffer())).toEqual({ key: leaf });
        },
      ),
    );
  });

  it("skips fields that it does not know", () => {
    const writer = new jspb.BinaryWriter();
    writer.writeString(9, "later");
    writer.writeBytes(1, new Uint8Array());
    expect(readBack(writer.getResultBuffer())).toEqual({ "": null });
  });

  it("keeps an empty struct, and a value called __proto__", () => {
    expect(readBack(bytesOf({}))).toEqual({});
    const odd = readBack(bytesOf(JSON.parse('{"__proto__":{"a":1}}') as Properties));
    expect(Object.keys(odd)).toEqual(["__proto__"]);
    expect(Object.getPrototypeOf(odd)).toBe(Object.prototype);
  });

  it("refuses what is no property value", () => {
    expect(() => bytesOf({ a: undefined as never })).toThrow("not a property value: undefined");
  });
});
