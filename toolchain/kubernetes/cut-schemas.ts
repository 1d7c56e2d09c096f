/** A schema as OpenAPI 3 and JSON Schema both know it. */
export type Schema = Readonly<Record<string, unknown>>;

export interface OpenApi {
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

/** What decides whether a value fits; the rest are words and hints for other tools. */
const kept = ["type", "required", "enum", "oneOf", "anyOf", "minimum", "maximum", "minLength"];
const reference = "#/components/schemas/";

/**
 * The schemas of some kinds and everything that they refer to, as JSON Schema.
 *
 * @returns `kinds`: `<apiVersion>/<kind>` -> name of its definition.
 * @throws if a kind is not in its document.
 */
export function cutSchemas(
  documents: readonly { readonly kinds: readonly string[]; readonly document: OpenApi }[],
): { readonly kinds: Record<string, string>; readonly definitions: Record<string, Schema> } {
  const kinds: Record<string, string> = {};
  const definitions: Record<string, Schema> = {};
  for (const { kinds: wanted, document } of documents) {
    const { schemas } = document.components;
    const take = (name: string): void => {
      if (name in definitions) return;
      definitions[name] = {};
      definitions[name] = cut(schemas[name]!, take);
    };
    for (const kind of wanted) {
      const [name, apiVersion] = find(schemas, kind);
      kinds[`${apiVersion}/${kind}`] = name;
      take(name);
    }
  }
  return { kinds: sorted(kinds), definitions: sorted(definitions) };
}

export interface CustomResourceDefinition {
  readonly spec: {
    readonly group: string;
    readonly names: { readonly kind: string };
    readonly versions: readonly {
      readonly name: string;
      readonly schema: { readonly openAPIV3Schema: Schema };
    }[];
  };
}

/**
 * The schemas that a definition of a custom resource brings, as a document of its group would have them: of its metadata
 * it says only that there is some.
 *
 * @param meta the document that has the schema of metadata.
 */
export function customDocument(
  { spec: { group, names, versions } }: CustomResourceDefinition,
  meta: OpenApi,
): OpenApi {
  const objectMeta = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";
  const own = versions.map(({ name: version, schema: { openAPIV3Schema: schema } }) => [
    `${group.split(".").reverse().join(".")}.${version}.${names.kind}`,
    {
      ...schema,
      properties: {
        ...(schema["properties"] as object),
        metadata: { $ref: `${reference}${objectMeta}` },
      },
      "x-kubernetes-group-version-kind": [{ group, version, kind: names.kind }],
    },
  ]);
  return {
    components: {
      schemas: { ...meta.components.schemas, ...(Object.fromEntries(own) as object) },
    },
  };
}

function find(schemas: OpenApi["components"]["schemas"], kind: string): [string, string] {
  for (const [name, schema] of Object.entries(schemas)) {
    const all = schema["x-kubernetes-group-version-kind"] as
      { readonly group: string; readonly version: string; readonly kind: string }[] | undefined;
    // What every group shares, such as options of a deletion, has many.
    const [only] = all?.length === 1 ? all : [];
    if (only?.kind === kind) {
      return [name, only.group === "" ? only.version : `${only.group}/${only.version}`];
    }
  }
  throw new Error(`the OpenAPI document has no ${kind}`);
}

/** Closed: a field that the schema does not name is none of Kubernetes, and the API server would drop it silently. */
function cut(schema: Schema, take: (name: string) => void): Schema {
  const { $ref, allOf, properties, items, additionalProperties } = schema;
  // What stands around a reference in `allOf` is its default and its description.
  const [only] = Array.isArray(allOf) && allOf.length === 1 ? (allOf as Schema[]) : [];
  const ref = $ref ?? only?.["$ref"];
  if (typeof ref === "string") {
    const name = ref.slice(reference.length);
    take(name);
    return { $ref: `#/definitions/${name}` };
  }
  const inner = (value: unknown): Schema => cut(value as Schema, take);
  return {
    ...Object.fromEntries(kept.flatMap((key) => (key in schema ? [[key, schema[key]]] : []))),
    ...(isPattern(schema["pattern"]) && { pattern: schema["pattern"] }),
    ...(items !== undefined && { items: inner(items) }),
    ...(properties !== undefined && {
      properties: Object.fromEntries(
        Object.entries(properties as object).map(([name, value]) => [name, inner(value)]),
      ),
      additionalProperties: false,
    }),
    ...(additionalProperties !== undefined && {
      additionalProperties:
        typeof additionalProperties === "object" ? inner(additionalProperties) : true,
    }),
  };
}

/** Those of Go may have flags inside, which no other reader of schemas knows. */
function isPattern(value: unknown): boolean {
  return typeof value === "string" && !/\(\?[a-z]+\)/i.test(value);
}

function sorted<Value>(record: Record<string, Value>): Record<string, Value> {
  return Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)));
}
