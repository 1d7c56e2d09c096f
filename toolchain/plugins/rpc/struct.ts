import type { BinaryReader, BinaryWriter } from "google-protobuf";
import structProto from "google-protobuf/google/protobuf/struct_pb.js";
import type { Properties, Value } from "../bridge/values.ts";

/** Property values as the protocol carries them. */
export type Struct = structProto.Struct;

/**
 * Content of structs that were read, or are to be written. The generated code makes an object for every value and
 * another one for every entry of a map: half of the time of a refresh. So structs are read into plain values here, and
 * written from them; the generated accessors of a struct see nothing of it.
 */
const contents = new WeakMap<Struct, Properties>();

/** Field numbers of `google.protobuf.Struct`, of an entry of its map, of `Value` and of `ListValue`. */
const STRUCT = { fields: 1 } as const;
const ENTRY = { key: 1, value: 2 } as const;
const VALUE = { null: 1, number: 2, string: 3, bool: 4, struct: 5, list: 6 } as const;
const LIST = { values: 1 } as const;

export function fromStruct(struct: Struct | undefined): Properties {
  return struct === undefined ? {} : (contents.get(struct) ?? struct.toJavaScript());
}

export function toStruct(properties: Properties): Struct {
  const struct = new structProto.Struct();
  contents.set(struct, properties);
  return struct;
}

structProto.Struct.deserializeBinaryFromReader = (struct: Struct, reader: BinaryReader) => {
  contents.set(struct, readStruct(reader));
  return struct;
};

structProto.Struct.serializeBinaryToWriter = (struct: Struct, writer: BinaryWriter) => {
  writeStruct(fromStruct(struct), writer);
};

/** Calls `onField` for every field of the message that the reader stands in; it skips those that it does not know. */
function eachField(reader: BinaryReader, onField: (field: number) => boolean): void {
  while (reader.nextField() && !reader.isEndGroup()) {
    if (!onField(reader.getFieldNumber())) reader.skipField();
  }
}

function nested<Result>(reader: BinaryReader, read: (reader: BinaryReader) => Result): Result {
  const results: Result[] = [];
  reader.readMessage({}, () => results.push(read(reader)));
  return results[0]!;
}

function readStruct(reader: BinaryReader): Properties {
  const entries: [string, Value][] = [];
  eachField(reader, (field) => {
    if (field !== STRUCT.fields) return false;
    entries.push(nested(reader, readEntry));
    return true;
  });
  return Object.fromEntries(entries);
}

function readEntry(reader: BinaryReader): [string, Value] {
  let key = "";
  let value: Value = null;
  eachField(reader, (field) => {
    if (field === ENTRY.key) key = reader.readString();
    else if (field === ENTRY.value) value = nested(reader, readValue);
    else return false;
    return true;
  });
  return [key, value];
}

function readValue(reader: BinaryReader): Value {
  let value: Value = null;
  eachField(reader, (field) => {
    switch (field) {
      case VALUE.null:
        reader.readEnum();
        value = null;
        return true;
      case VALUE.number:
        value = reader.readDouble();
        return true;
      case VALUE.string:
        value = reader.readString();
        return true;
      case VALUE.bool:
        value = reader.readBool();
        return true;
      case VALUE.struct:
        value = nested(reader, readStruct);
        return true;
      case VALUE.list:
        value = nested(reader, readList);
        return true;
      default:
        return false;
    }
  });
  return value;
}

function readList(reader: BinaryReader): Value[] {
  const values: Value[] = [];
  eachField(reader, (field) => {
    if (field !== LIST.values) return false;
    values.push(nested(reader, readValue));
    return true;
  });
  return values;
}

/** The writer asks for a message only to leave it out when it is null. */
const NOTHING = {};

function writeStruct(properties: Properties, writer: BinaryWriter): void {
  for (const [key, value] of Object.entries(properties)) {
    writer.writeMessage(STRUCT.fields, NOTHING, () => {
      writer.writeString(ENTRY.key, key);
      writer.writeMessage(ENTRY.value, NOTHING, () => writeValue(value, writer));
    });
  }
}

function writeValue(value: Value, writer: BinaryWriter): void {
  if (value === null) writer.writeEnum(VALUE.null, 0);
  else if (typeof value === "number") writer.writeDouble(VALUE.number, value);
  else if (typeof value === "string") writer.writeString(VALUE.string, value);
  else if (typeof value === "boolean") writer.writeBool(VALUE.bool, value);
  else if (Array.isArray(value)) {
    writer.writeMessage(VALUE.list, value, () => {
      for (const item of value) {
        writer.writeMessage(LIST.values, NOTHING, () => writeValue(item, writer));
      }
    });
  } else if (typeof value === "object") {
    writer.writeMessage(VALUE.struct, value, () => writeStruct(value, writer));
  } else throw new Error(`not a property value: ${typeof value}`);
}
