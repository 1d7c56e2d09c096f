import Docker from "dockerode";
import { afterAll, afterEach, beforeAll, expect } from "vitest";
import type { Properties } from "../../../toolchain/plugins/bridge/values.ts";
import { dockerProvider } from "../../../toolchain/plugins/docker/plugin.ts";
import { InitializationFailed } from "../../../toolchain/plugins/rpc/provider.ts";
import { importTinyImage } from "./tiny-image.ts";

export const CONTAINER = "docker:index/container:Container";
export const NETWORK = "docker:index/network:Network";
export const VOLUME = "docker:index/volume:Volume";
export const REMOTE_IMAGE = "docker:index/remoteImage:RemoteImage";

interface Made {
  readonly type: string;
  readonly id: string;
  readonly properties: Properties;
  readonly inputs: Properties;
}

export const urnOf = (type: string) => `urn:pulumi:dev::p::${type}::behaviour`;

/**
 * The plugin at work on this machine's engine, with an image of its own. Registers hooks of the test file that makes
 * it: the image is there before its tests, and what a test made is gone after it.
 */
export class PluginOnEngine {
  readonly docker = new Docker();
  readonly provider = dockerProvider("5.2.0");
  readonly image: string;
  #made: Made[] = [];

  /** @param subject sets the image apart from those of other test files. */
  constructor(subject: string) {
    this.image = `mcp-fleet-test/${subject}-base:1`;
    beforeAll(() => importTinyImage(this.docker, this.image));
    afterEach(() => this.#removeMade());
    afterAll(() => this.removeImage(this.image));
  }

  /** What the test that runs has made. */
  get made(): readonly Made[] {
    return this.#made;
  }

  async #removeMade(): Promise<void> {
    const order = [CONTAINER, REMOTE_IMAGE, NETWORK, VOLUME];
    const left = this.#made.sort((a, b) => order.indexOf(a.type) - order.indexOf(b.type));
    this.#made = [];
    for (const object of left) await this.remove(object);
  }

  async removeImage(name: string): Promise<void> {
    await this.docker
      .getImage(name)
      .remove({ force: true })
      .catch(() => undefined);
  }

  inputsOf(type: string, news: Properties): Properties {
    const request = { urn: urnOf(type), type, name: "behaviour", olds: {}, news };
    const { inputs, failures } = this.provider.check({ ...request, randomSeed: new Uint8Array() });
    expect(failures).toBeUndefined();
    return inputs;
  }

  async create(type: string, news: Properties): Promise<Made> {
    const inputs = this.inputsOf(type, news);
    const request = { urn: urnOf(type), type, properties: inputs, preview: false };
    const answer = await this.provider.create(request).catch((error: unknown) => {
      if (error instanceof InitializationFailed) this.#made.push({ type, inputs, ...error });
      throw error;
    });
    const result = { type, inputs, ...answer };
    this.#made.push(result);
    return result;
  }

  container(news: Properties): Promise<Made> {
    return this.create(CONTAINER, {
      image: this.image,
      command: ["/usr/bin/sleep", "600"],
      ...news,
    });
  }

  read({ type, id, properties, inputs }: Made) {
    return this.provider.read({ urn: urnOf(type), type, id, properties, inputs });
  }

  remove({ type, id, properties }: Made): Promise<void> {
    return this.provider.delete({ urn: urnOf(type), type, id, properties });
  }

  async update(object: Made, news: Properties): Promise<Properties> {
    const { type, id, properties: olds } = object;
    const inputs = this.inputsOf(type, { name: object.inputs.name ?? "", ...news });
    const request = { urn: urnOf(type), type, id, olds, news: inputs, preview: false };
    return (await this.provider.update(request)).properties;
  }
}
