import { isObject, mapProperties, type Properties, type Value } from "../bridge/values.ts";

/**
 * A Secret as the API server keeps it: `stringData` encoded and laid over `data`, and `data` without line breaks.
 */
export function normaliseSecret(object: Properties): Properties {
  const { stringData, ...rest } = object;
  const data = isObject(object.data) ? object.data : undefined;
  if (isObject(stringData) && Object.keys(stringData).length > 0 && isTexts(stringData)) {
    const encoded = Object.entries(stringData).map(
      ([name, text]) => [name, Buffer.from(text).toString("base64")] as const,
    );
    return { ...rest, data: { ...data, ...Object.fromEntries(encoded) } };
  }
  return data === undefined ? object : { ...object, data: mapProperties(data, recode) };
}

function isTexts(values: Properties): values is Record<string, string> {
  return Object.values(values).every((value) => typeof value === "string");
}

/** What is no base64 stays as it is: the API server refuses it. */
function recode(value: Value): Value {
  if (typeof value !== "string") return value;
  const text = value.replace(/[\r\n]/g, "");
  const valid = text.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(text);
  return valid ? Buffer.from(text, "base64").toString("base64") : value;
}
