import {
  InitializationFailed,
  type CheckAnswer,
  type CheckRequest,
  type CreateAnswer,
  type CreateRequest,
  type DeleteRequest,
  type DiffRequest,
  type Provider,
  type ReadAnswer,
  type ReadRequest,
  type UpdateRequest,
} from "../rpc/provider.ts";
import { check } from "./check.ts";
import { diff, type DiffAnswer } from "./diff.ts";
import { planCreate, planUpdate } from "./plan.ts";
import { rawStateDelta } from "./raw-state.ts";
import { importInputs, refreshInputs } from "./read-inputs.ts";
import { PartialCreation, type ResourceType } from "./resource-type.ts";
import {
  isReserved,
  mapProperties,
  META,
  RAW_STATE_DELTA,
  UNKNOWN,
  withoutSecrets,
  type Properties,
} from "./values.ts";

/** What a plugin of several resource types adds to them. */
export interface PluginOptions {
  readonly name: string;
  readonly version: string;
  readonly types: readonly ResourceType[];
  /** Names of supported provider settings besides `version`. */
  readonly settings: readonly string[];
  readonly configure: (args: Properties) => void;
}

/** A plugin that answers as one made with the Terraform bridge does. */
export function bridgedProvider(options: PluginOptions): Provider {
  const types = new Map(options.types.map((type) => [type.token, type]));
  let abort = new AbortController();
  const typeOf = (token: string): ResourceType => {
    const type = types.get(token);
    if (type !== undefined) return type;
    const known = [...types.keys()].sort().join(", ");
    throw new Error(`${token}: no such resource type in this stand-in (it has ${known})`);
  };
  const finish = (type: ResourceType, id: string, state: Properties, fresh: boolean) => ({
    ...(type.meta !== undefined && { [META]: type.meta }),
    [RAW_STATE_DELTA]: rawStateDelta(type.fields, state, fresh),
    ...state,
    id,
  });

  return {
    version: options.version,
    features: { acceptResources: false },

    checkConfig(news: Properties): CheckAnswer {
      const failures = Object.keys(news)
        .filter(
          (name) => name !== "version" && !isReserved(name) && !options.settings.includes(name),
        )
        .map((property) => ({
          property,
          reason:
            `'${property}' of provider ${options.name} is not supported by this stand-in ` +
            `(supported: ${["version", ...options.settings].join(", ")})`,
        }));
      return { inputs: news, ...(failures.length > 0 && { failures }) };
    },

    configure: (args) => options.configure(args),

    check(request: CheckRequest): CheckAnswer {
      const type = typeOf(request.type);
      const { inputs, failures } = check(type, clean(request.olds), clean(request.news), request);
      return { inputs, ...(failures.length > 0 && { failures }) };
    },

    diff(request: DiffRequest): DiffAnswer {
      const type = typeOf(request.type);
      return diff(type, stateOf(request.olds), clean(request.news), request.ignoreChanges);
    },

    async create(request: CreateRequest): Promise<CreateAnswer> {
      const type = typeOf(request.type);
      const planned = planCreate(type.fields, clean(request.properties));
      if (request.preview) return { id: "", properties: finish(type, UNKNOWN, planned, true) };
      try {
        const { id, state } = await type.create(planned, abort.signal);
        return { id, properties: finish(type, id, state, true) };
      } catch (error) {
        if (!(error instanceof PartialCreation)) throw error;
        const { id, state } = error.existing;
        const known = mapProperties(state, (value) => (value === UNKNOWN ? null : value));
        const message = `creating ${request.urn}: ${error.message}`;
        throw new InitializationFailed(message, id, finish(type, id, known, true));
      }
    },

    async read(request: ReadRequest): Promise<ReadAnswer> {
      const type = typeOf(request.type);
      const existing = await type.read(request.id, stateOf(request.properties));
      if (existing === undefined) return {};
      const { id, state } = existing;
      const imported = Object.keys(request.properties).length === 0;
      return {
        id,
        properties: finish(type, id, state, false),
        inputs: imported
          ? importInputs(type.fields, state)
          : refreshInputs(type.fields, clean(request.inputs), state),
      };
    },

    async update(request: UpdateRequest) {
      const type = typeOf(request.type);
      const prior = stateOf(request.olds);
      const planned = planUpdate(type.fields, prior, clean(request.news));
      if (request.preview) return { properties: finish(type, request.id, planned, false) };
      try {
        const state = await type.update({ id: request.id, prior, planned }, abort.signal);
        return { properties: finish(type, request.id, state, false) };
      } catch (error) {
        const message = `updating ${request.urn}: ${messageOf(error)}`;
        const properties = finish(type, request.id, planned, false);
        throw new InitializationFailed(message, request.id, properties);
      }
    },

    async delete(request: DeleteRequest) {
      const type = typeOf(request.type);
      await type.delete(request.id, stateOf(request.properties), abort.signal);
    },

    cancel() {
      abort.abort(new Error("cancelled"));
      abort = new AbortController();
    },
  };
}

function clean(properties: Properties): Properties {
  return mapProperties(properties, withoutSecrets);
}

function stateOf(properties: Properties): Properties {
  const known = Object.entries(clean(properties)).filter(([name]) => !isReserved(name));
  return Object.fromEntries(known);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
