import { describe, expect, it } from "vitest";
import { planUpdate } from "../../../toolchain/plugins/bridge/plan.ts";
import { rawStateDelta } from "../../../toolchain/plugins/bridge/raw-state.ts";
import { refreshInputs } from "../../../toolchain/plugins/bridge/read-inputs.ts";
import type { Fields } from "../../../toolchain/plugins/bridge/schema.ts";
import {
  isObject,
  isReserved,
  type Properties,
  RAW_STATE_DELTA,
  type Value,
  withoutSecrets,
} from "../../../toolchain/plugins/bridge/values.ts";
import { containerFields } from "../../../toolchain/plugins/docker/container/schema.ts";
import { networkFields } from "../../../toolchain/plugins/docker/network/schema.ts";
import { dockerProvider } from "../../../toolchain/plugins/docker/plugin.ts";
import { remoteImageFields } from "../../../toolchain/plugins/docker/remote-image/schema.ts";
import { volumeFields } from "../../../toolchain/plugins/docker/volume/schema.ts";
import { randomProvider } from "../../../toolchain/plugins/random/plugin.ts";
import type { Provider } from "../../../toolchain/plugins/rpc/provider.ts";
import { PHASES, type Recorded, recordings, withExplicitKinds } from "./recordings.ts";

const providers: Record<string, Provider> = {
  docker: dockerProvider("5.2.0"),
  random: randomProvider("4.21.2"),
};

const fields: Record<string, Fields> = {
  "docker:index/container:Container": containerFields,
  "docker:index/network:Network": networkFields,
  "docker:index/volume:Volume": volumeFields,
  "docker:index/remoteImage:RemoteImage": remoteImageFields,
};

const all = PHASES.flatMap((phase) => recordings(phase));
const calls = (call: string) => all.filter((recorded) => recorded.call === call);
const dockerCalls = (call: string) => calls(call).filter(({ request }) => request.type in fields);
const title = (recorded: Recorded) => `${recorded.phase} ${recorded.request.name}`;

function providerOf({ request }: Recorded): Provider {
  const provider = providers[request.type.replace("pulumi:providers:", "").split(":")[0] ?? ""];
  if (provider === undefined) throw new Error(`no stand-in for ${request.type}`);
  return provider;
}

function fieldsOf({ request }: Recorded): Fields {
  const found = fields[request.type];
  if (found === undefined) throw new Error(`no fields of ${request.type}`);
  return found;
}

/** State without the plugin's own bookkeeping. */
function stateOf(properties: Properties): Properties {
  return Object.fromEntries(Object.entries(properties).filter(([name]) => !isReserved(name)));
}

describe("answers of the official plugins", () => {
  it("were recorded in full", () => {
    expect(calls("Check")).toHaveLength(103);
    expect(calls("Diff")).toHaveLength(74);
    expect(calls("Create")).toHaveLength(66);
    expect(calls("Read")).toHaveLength(38);
    expect(calls("Update")).toHaveLength(6);
    expect(calls("Delete")).toHaveLength(65);
  });

  describe("CheckConfig", () => {
    it.each(calls("CheckConfig").map((recorded) => [title(recorded), recorded] as const))(
      "%s",
      (_, recorded) => {
        const { response, request } = recorded;
        expect(providerOf(recorded).checkConfig(request.news)).toEqual(response);
      },
    );
  });

  describe("Check, generated names included", () => {
    it.each(calls("Check").map((recorded) => [title(recorded), recorded] as const))(
      "%s",
      (_, recorded) => {
        const { request, response } = recorded;
        const randomSeed = Buffer.from(request.randomSeed, "base64");
        expect(providerOf(recorded).check({ ...request, randomSeed })).toEqual(response);
      },
    );
  });

  describe("Diff", () => {
    it.each(calls("Diff").map((recorded) => [title(recorded), recorded] as const))(
      "%s",
      (_, recorded) => {
        const answer = providerOf(recorded).diff({ ...recorded.request, ignoreChanges: [] });
        expect(answer).toEqual(withExplicitKinds(recorded.response));
      },
    );
  });

  describe("the state that an update in place leads to", () => {
    it.each(dockerCalls("Update").map((recorded) => [title(recorded), recorded] as const))(
      "%s",
      (_, recorded) => {
        const { olds, news } = recorded.request;
        const planned = planUpdate(fieldsOf(recorded), stateOf(olds), news);
        const properties = recorded.response.properties as Properties;
        expect({ ...planned, id: properties.id }).toEqual(stateOf(properties));
        expect(rawStateDelta(fieldsOf(recorded), planned, false)).toEqual(
          properties[RAW_STATE_DELTA],
        );
      },
    );
  });

  describe("the way back to the official state format", () => {
    const created = dockerCalls("Create").map((recorded) => [title(recorded), recorded] as const);
    it.each(created)("%s, created", (_, recorded) => {
      const properties = recorded.response.properties as Properties;
      const delta = rawStateDelta(fieldsOf(recorded), stateOf(properties), true);
      expect(delta).toEqual(properties[RAW_STATE_DELTA]);
    });

    const read = dockerCalls("Read").filter(({ response }) => response.id !== undefined);
    it.each(read.map((recorded) => [title(recorded), recorded] as const))(
      "%s, refreshed",
      (_, recorded) => {
        const properties = recorded.response.properties as Properties;
        const delta = rawStateDelta(fieldsOf(recorded), stateOf(properties), false);
        expect(delta).toEqual(properties[RAW_STATE_DELTA]);
      },
    );
  });

  describe("inputs after a refresh", () => {
    const read = dockerCalls("Read").filter(({ response }) => response.id !== undefined);
    it.each(read.map((recorded) => [title(recorded), recorded] as const))("%s", (_, recorded) => {
      const properties = recorded.response.properties as Properties;
      const inputs = refreshInputs(fieldsOf(recorded), recorded.request.inputs, properties);
      expect(inputs).toEqual(recorded.response.inputs);
    });
  });

  describe("Create and Read of random values", () => {
    const randomCalls = (call: string) =>
      calls(call)
        .filter(({ request }) => request.type.startsWith("random:"))
        .map((recorded) => [title(recorded), recorded] as const);

    it.each(randomCalls("Create"))("%s, created", async (_, recorded) => {
      const answer = await providerOf(recorded).create({ ...recorded.request, preview: false });
      const wanted = recorded.response as { id: string; properties: Properties };
      expect(withValuesOf(wanted.properties, answer.properties)).toEqual(wanted.properties);
      expect(answer.properties.id).toBe(answer.id);
      if (wanted.id === "none") expect(answer.id).toBe("none");
      else expect(answer.id).toHaveLength(wanted.id.length);
    });

    it.each(randomCalls("Read"))("%s, read", async (_, recorded) => {
      expect(await providerOf(recorded).read(recorded.request)).toEqual(recorded.response);
    });
  });
});

/** The answer with each random value replaced by the recorded one, if it has the same make. */
function withValuesOf(recorded: Properties, answer: Properties): Properties {
  const result = { ...answer };
  for (const name of ["id", "result", "bcryptHash", "b64Std", "b64Url", "hex", "dec"]) {
    const wanted = recorded[name];
    if (wanted !== undefined && make(answer[name], name) === make(wanted, name)) {
      result[name] = wanted;
    }
  }
  return result;
}

/** Whether a value is secret, and its length or, where that varies, its alphabet. */
function make(value: Value | undefined, name: string): string {
  const plain = withoutSecrets(value ?? null);
  const text = typeof plain === "string" ? plain : JSON.stringify(plain);
  const kept = name === "dec" ? /^\d+$/.test(text) : text.length;
  return `${isObject(value) ? "secret" : "plain"} ${kept}`;
}
