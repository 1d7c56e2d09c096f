import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv, type ErrorObject, type ValidateFunction } from "ajv";
import { rootDir } from "../../root-dir.ts";
import { pathOf, shown, subjectOf, type Finding, type Manifest } from "./manifest.ts";

interface Schemas {
  /** Of Kubernetes. */
  readonly version: string;
  /** `<apiVersion>/<kind>` -> name of its definition. */
  readonly kinds: Readonly<Record<string, string>>;
  readonly definitions: Readonly<Record<string, object>>;
}

let opened: { readonly schemas: Schemas; readonly ajv: Ajv } | undefined;
const compiled = new Map<string, ValidateFunction>();

function open() {
  if (opened !== undefined) return opened;
  const file = join(rootDir, "infra", "cli", "manifests", "kubernetes.schema.json");
  const schemas = JSON.parse(readFileSync(file, "utf8")) as Schemas;
  const ajv = new Ajv({ allErrors: true, verbose: true, inlineRefs: false });
  ajv.addSchema({ definitions: schemas.definitions }, "kubernetes");
  return (opened = { schemas, ajv });
}

/** Version of Kubernetes whose schemas are asked. */
export function schemaVersion(): string {
  return open().schemas.version;
}

/** Where an object has fields that Kubernetes does not know, or values of another type than it wants. */
export function schemaFindings(manifest: Manifest): Finding[] {
  const object = subjectOf(manifest);
  const key = `${manifest.apiVersion}/${manifest.kind}`;
  const check = validatorOf(key);
  if (check === undefined) {
    const known = Object.keys(open().schemas.kinds).join(", ");
    return [{ object, path: "kind", problem: `got ${key}; there is a schema for ${known}` }];
  }
  if (check(manifest)) return [];
  return (check.errors ?? [])
    .filter(({ schemaPath }) => !/\/oneOf\/\d/.test(schemaPath))
    .map((error) => ({ object, ...words(error) }));
}

function validatorOf(key: string): ValidateFunction | undefined {
  const known = compiled.get(key);
  if (known !== undefined) return known;
  const { schemas, ajv } = open();
  const name = schemas.kinds[key];
  if (name === undefined) return undefined;
  const made = ajv.compile({ $ref: `kubernetes#/definitions/${name}` });
  compiled.set(key, made);
  return made;
}

function words(error: ErrorObject): Omit<Finding, "object"> {
  const steps = error.instancePath
    .split("/")
    .slice(1)
    .map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"));
  const params = error.params as Readonly<Record<string, unknown>>;
  switch (error.keyword) {
    case "additionalProperties":
      return {
        path: pathOf([...steps, String(params["additionalProperty"])]),
        problem: "unknown field; Kubernetes has none of this name here",
      };
    case "required":
      return {
        path: pathOf([...steps, String(params["missingProperty"])]),
        problem: "missing; it is required",
      };
    case "oneOf": {
      const types = (error.schema as { readonly type?: string }[]).map(({ type }) => type);
      return {
        path: pathOf(steps),
        problem: `got ${shown(error.data)}; allowed: ${types.join(" or ")}`,
      };
    }
    case "type":
      return {
        path: pathOf(steps),
        problem: `got ${shown(error.data)}; allowed: ${String(params["type"])}`,
      };
    default:
      return {
        path: pathOf(steps),
        problem: `got ${shown(error.data)}; it ${error.message ?? "does not fit"}`,
      };
  }
}
