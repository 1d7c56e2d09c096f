import { afterAll, afterEach, beforeAll, beforeEach, vi } from "vitest";
import type { Properties } from "../../../../toolchain/plugins/bridge/values.ts";
import { kubernetesProvider } from "../../../../toolchain/plugins/kubernetes/plugin.ts";
import type { EngineLog } from "../../../../toolchain/plugins/rpc/engine-log.ts";
import { InitializationFailed, type Provider } from "../../../../toolchain/plugins/rpc/provider.ts";
import { FakeApiServer } from "./fake-api-server.ts";

export const MAP = "kubernetes:core/v1:ConfigMap";
export const MAPS = "/api/v1/namespaces/n/configmaps";

/** The plugin before a server of the test's own. Registers hooks of the test file that makes it. */
export class PluginOnFakeServer {
  readonly server = new FakeApiServer();
  readonly log = { log: vi.fn<EngineLog["log"]>(), status: vi.fn<EngineLog["status"]>() };
  #provider: Provider | undefined;

  constructor() {
    beforeAll(() => this.server.start());
    beforeEach(() => {
      this.#provider = kubernetesProvider("4.34.2", this.log, {});
      this.#provider.configure({ kubeconfig: this.server.kubeconfig });
    });
    afterEach(() => {
      this.provider.cancel();
      this.server.clear();
      vi.clearAllMocks();
    });
    afterAll(() => this.server.stop());
  }

  /** Another one for each test. */
  get provider(): Provider {
    if (this.#provider === undefined) throw new Error("only within a test");
    return this.#provider;
  }

  create(type: string, properties: Properties, more: Properties = {}) {
    return this.provider.create({ urn: "urn", type, properties, preview: false, ...more });
  }
}

/** Inputs of the object `a` in the namespace `n`. */
export function inputsOf(apiVersion: string, kind: string, more: Properties = {}): Properties {
  return { apiVersion, kind, metadata: { name: "a", namespace: "n" }, ...more };
}

export function refusal(code: number, status: Properties) {
  return { code, status };
}

/** How an answer failed that leaves an object in state. */
export async function failureOf(answer: Promise<unknown>): Promise<InitializationFailed> {
  const error: unknown = await answer.then(
    () => new Error("did not fail"),
    (reason: unknown) => reason,
  );
  if (!(error instanceof InitializationFailed)) throw error as Error;
  return error;
}
