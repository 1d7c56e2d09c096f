import { describe, expect, it } from "vitest";
import { NETWORK, PluginOnEngine, VOLUME } from "./plugin-on-engine.ts";

const plugin = new PluginOnEngine("networks");
const { docker } = plugin;

describe("networks and volumes", () => {
  it("carry labels and options, can be imported, and are gone after deletion", async () => {
    const labels = [{ label: "a", value: "b" }];
    const ipamConfigs = [{ subnet: "10.213.77.0/24", gateway: "10.213.77.1" }];
    const network = await plugin.create(NETWORK, { labels, internal: true, ipamConfigs });
    const volume = await plugin.create(VOLUME, {
      labels,
      driverOpts: { type: "tmpfs", device: "tmpfs", o: "size=1m" },
    });
    expect(network.properties).toMatchObject({ labels, internal: true, driver: "bridge" });
    expect(volume.properties).toMatchObject({
      labels,
      driver: "local",
      driverOpts: { type: "tmpfs" },
    });
    for (const object of [network, volume]) {
      const imported = await plugin.read({ ...object, properties: {}, inputs: {} });
      expect(imported.inputs).toMatchObject({ labels, name: object.inputs.name });
      await plugin.remove(object);
      expect(await plugin.read(object)).toEqual({});
      await plugin.remove(object);
    }
  });

  it("give containers fixed addresses and read-only volumes", async () => {
    const network = await plugin.create(NETWORK, { ipamConfigs: [{ subnet: "10.213.78.0/24" }] });
    const volume = await plugin.create(VOLUME, {});
    const object = await plugin.container({
      networksAdvanced: [
        { name: network.inputs.name ?? "", aliases: ["db"], ipv4Address: "10.213.78.9" },
      ],
      volumes: [{ volumeName: volume.inputs.name ?? "", containerPath: "/data", readOnly: true }],
    });
    const info = await docker.getContainer(object.id).inspect();
    const endpoint = info.NetworkSettings.Networks[network.inputs.name as string];
    expect(endpoint?.IPAddress).toBe("10.213.78.9");
    expect(endpoint?.Aliases).toContain("db");
    expect(info.HostConfig.Binds).toEqual([`${volume.inputs.name as string}:/data:ro`]);
    expect(Object.keys(info.NetworkSettings.Networks)).toHaveLength(1);
  });

  it("wait for their last user to go", async () => {
    const volume = await plugin.create(VOLUME, {});
    const volumes = [{ volumeName: volume.inputs.name ?? "", containerPath: "/data" }];
    const user = await plugin.container({ volumes });
    const removal = plugin.remove(volume);
    setTimeout(() => void plugin.remove(user), 700);
    await removal;
    expect(await plugin.read(volume)).toEqual({});
  });
});
