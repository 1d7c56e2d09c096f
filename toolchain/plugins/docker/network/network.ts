import type { NetworkInspectInfo } from "dockerode";
import type { Existing, ResourceType } from "../../bridge/resource-type.ts";
import { sortSet } from "../../bridge/set-order.ts";
import type { Properties, Value } from "../../bridge/values.ts";
import { engineMessage, isNotFound, type Engine } from "../engine.ts";
import { labelMap, labelSet } from "../labels.ts";
import { compact, flag, objects, text, textMap } from "../state.ts";
import { sleep } from "../wait.ts";
import { networkFields } from "./schema.ts";

/** How long Delete waits for containers to leave the network; the official plugin's limit. */
const REMOVE_TIMEOUT_MS = 30_000;
const REMOVE_RETRY_MS = 250;

/** `docker:index/network:Network`. */
export function networkType(engine: Engine): ResourceType {
  async function read(id: string, prior: Properties): Promise<Existing | undefined> {
    let info: NetworkInspectInfo;
    try {
      info = await engine().getNetwork(id).inspect();
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw new Error(`Unable to inspect network: ${engineMessage(error)}`);
    }
    return { id: info.Id, state: networkState(info, prior) };
  }

  return {
    token: "docker:index/network:Network",
    fields: networkFields,
    meta: '{"schema_version":"1"}',
    autonamed: true,
    deleteBeforeReplace: false,

    async create(planned) {
      let id: string;
      try {
        ({ id } = await engine().createNetwork(createOptions(planned)));
      } catch (error) {
        throw new Error(`Unable to create network: ${engineMessage(error)}`);
      }
      const existing = await read(id, {});
      if (existing === undefined)
        throw new Error(`network ${id} vanished right after its creation`);
      // The official plugin shows options that nobody set as null until the first refresh.
      return { id, state: { ...existing.state, ipamOptions: planned.ipamOptions ?? null } };
    },

    read,

    async update({ id, prior }) {
      return (await read(id, prior))?.state ?? prior;
    },

    async delete(id, _state, signal) {
      const deadline = Date.now() + REMOVE_TIMEOUT_MS;
      for (;;) {
        try {
          await engine().getNetwork(id).remove();
          return;
        } catch (error) {
          if (isNotFound(error)) return;
          const message = engineMessage(error);
          if (!message.includes("has active endpoints") || Date.now() > deadline) {
            throw new Error(`Unable to remove network: ${message}`);
          }
          await sleep(REMOVE_RETRY_MS, signal);
        }
      }
    },
  };
}

function createOptions(planned: Properties) {
  const ipamConfigs = objects(planned.ipamConfigs).map((config) =>
    compact({
      Subnet: text(config.subnet) || undefined,
      IPRange: text(config.ipRange) || undefined,
      Gateway: text(config.gateway) || undefined,
      AuxiliaryAddresses: textMap(config.auxAddress),
    }),
  );
  return compact({
    Name: text(planned.name),
    // Without it the engine would happily create a second network of the same name.
    CheckDuplicate: true,
    Driver: knownText(planned.driver),
    Internal: flag(planned.internal),
    Labels: labelMap(planned.labels),
    Options: textMap(planned.options),
    IPAM: compact({
      Driver: text(planned.ipamDriver) || undefined,
      Config: ipamConfigs.length > 0 ? ipamConfigs : undefined,
    }) as { Driver: string },
  });
}

function knownText(value: Value | undefined): string | undefined {
  const known = text(value);
  return known === "" || /^[0-9a-f-]{36}$/.test(known) ? undefined : known;
}

/** The engine's view of a network in the plugin's terms. */
function networkState(info: NetworkInspectInfo, prior: Properties): Properties {
  const ipamConfigs = (info.IPAM?.Config ?? []).map((config) => ({
    auxAddress: {
      ...(config as { AuxiliaryAddresses?: Record<string, string> }).AuxiliaryAddresses,
    },
    gateway: config.Gateway ?? "",
    ipRange: (config as { IPRange?: string }).IPRange ?? "",
    subnet: config.Subnet ?? "",
  }));
  return {
    ...prior,
    attachable: info.Attachable,
    driver: info.Driver,
    ingress: info.Ingress,
    internal: info.Internal,
    ipamConfigs: sortSet(ipamConfigs, networkFields.ipamConfigs?.element),
    ipamDriver: info.IPAM?.Driver ?? "default",
    ipamOptions: { ...info.IPAM?.Options },
    ipv6: info.EnableIPv6,
    labels: labelSet(info.Labels),
    name: info.Name,
    options: { ...info.Options },
    scope: info.Scope,
  };
}
