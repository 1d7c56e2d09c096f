import type { CheckFailure } from "../bridge/check.ts";
import type { DiffAnswer } from "../bridge/diff.ts";
import {
  deepEqual,
  isObject,
  isReserved,
  mapProperties,
  META,
  RAW_STATE_DELTA,
  secret,
  UNKNOWN,
  withoutNulls,
  withoutSecrets,
  type Properties,
  type Value,
} from "../bridge/values.ts";
import type { Provider } from "../rpc/provider.ts";
import type { RandomInput, RandomType } from "./random-type.ts";
import { randomId, randomPassword, randomString } from "./types.ts";

/**
 * The stand-in for the official random plugin: values are made once and live in state only.
 *
 * @param version version of the official plugin that it answers like
 */
export function randomProvider(version: string): Provider {
  const types = new Map([randomPassword, randomString, randomId].map((type) => [type.token, type]));
  const typeOf = (token: string): RandomType => {
    const type = types.get(token);
    if (type !== undefined) return type;
    const known = [...types.keys()].sort().join(", ");
    throw new Error(`${token}: no such resource type in this stand-in (it has ${known})`);
  };

  return {
    version,
    features: { acceptResources: true },
    checkConfig: (news) => ({ inputs: news }),
    configure: () => undefined,

    check({ type, news }) {
      const inputs = clean(news);
      const failures = checkInputs(typeOf(type), inputs);
      return { inputs, ...(failures.length > 0 && { failures }) };
    },

    diff({ type, olds, news, ignoreChanges }) {
      const diffs = changedInputs(typeOf(type), clean(olds), clean(news)).filter(
        (name) => !ignoreChanges.includes(name),
      );
      const answer: DiffAnswer =
        diffs.length === 0
          ? { changes: "DIFF_NONE" }
          : { replaces: diffs, changes: "DIFF_SOME", diffs };
      return answer;
    },

    async create({ type: token, properties, preview }) {
      const type = typeOf(token);
      const settled = type.settle(clean(properties));
      if (preview) {
        const undecided = Object.fromEntries(type.decided.map((name) => [name, UNKNOWN]));
        return { id: "", properties: finish(type, UNKNOWN, { ...settled, ...undecided }) };
      }
      const { id, outputs } = await type.create(settled);
      return { id, properties: finish(type, id, { ...settled, ...outputs }) };
    },

    read({ id, type: token, properties, inputs }) {
      const type = typeOf(token);
      if (Object.keys(properties).length === 0) {
        throw new Error(`${token} ${id}: import is not supported by this stand-in`);
      }
      return Promise.resolve({ id, properties: finish(type, id, clean(properties)), inputs });
    },

    update({ id, type: token, olds, news }) {
      const type = typeOf(token);
      // Inputs that differ replace the value; what remains are spellings of the same settings.
      const state = { ...clean(olds), ...type.settle(clean(news)) };
      return Promise.resolve({ properties: finish(type, id, state) });
    },

    delete: () => Promise.resolve(),
    cancel: () => undefined,
  };
}

function clean(properties: Properties): Properties {
  const plain = withoutNulls(mapProperties(properties, withoutSecrets));
  return Object.fromEntries(Object.entries(plain).filter(([name]) => !isReserved(name)));
}

/** State in the official plugin's form, secrets wrapped. */
function finish(type: RandomType, id: string, state: Properties): Properties {
  const nullable = type.nullable.flatMap((name): [string, Value][] => {
    if (isObject(state[name])) return [[name, { map: {} }]];
    return state[name] === undefined ? [[name, secret({ replace: { raw: null } })]] : [];
  });
  const wrapped = mapProperties(state, (value, name) =>
    type.secrets.includes(name) && value !== UNKNOWN ? secret(value) : value,
  );
  return {
    ...(type.schemaVersion !== undefined && {
      [META]: JSON.stringify({ schema_version: type.schemaVersion }),
    }),
    [RAW_STATE_DELTA]: {
      obj: nullable.length > 0 ? { ps: Object.fromEntries(nullable) } : {},
    },
    ...wrapped,
    id,
  };
}

function changedInputs(type: RandomType, olds: Properties, news: Properties): string[] {
  const settled = type.settle(news);
  return Object.keys(type.inputs)
    .filter((name) => !deepEqual(olds[name], settled[name]))
    .sort();
}

function checkInputs(type: RandomType, inputs: Properties): CheckFailure[] {
  const failures: CheckFailure[] = [];
  const names = Object.keys(type.inputs).sort().join(", ");
  for (const [property, value] of Object.entries(inputs)) {
    const input = type.inputs[property];
    if (input === undefined) {
      const reason = `'${property}' is no property of ${type.token}; inputs are ${names}`;
      failures.push({ property, reason });
    } else {
      const problem = wrongValue(input, value);
      if (problem !== undefined) failures.push({ property, reason: `'${property}': ${problem}` });
    }
  }
  for (const [property, input] of Object.entries(type.inputs)) {
    if (input.required === true && inputs[property] === undefined) {
      failures.push({ property, reason: `missing required property '${property}'` });
    }
  }
  if (failures.length > 0) return failures;
  return Object.entries(type.problems(type.settle(inputs))).map(([property, reason]) => ({
    property,
    reason: `'${property}': ${reason}`,
  }));
}

function wrongValue(input: RandomInput, value: Value): string | undefined {
  if (value === UNKNOWN) return undefined;
  const fits = {
    string: typeof value === "string",
    int: typeof value === "number" && Number.isInteger(value),
    bool: typeof value === "boolean",
    map: isObject(value),
  }[input.kind];
  if (!fits) return `expected ${input.kind}, got ${Array.isArray(value) ? "list" : typeof value}`;
  if (input.minimum !== undefined && Number(value) < input.minimum) {
    return `got ${Number(value)}, must be at least ${input.minimum}`;
  }
  return undefined;
}
