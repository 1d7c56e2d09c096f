import {
  anywhere,
  type ApiServerPlace,
} from "../../../components/platform/kubernetes/api-server.ts";
import type { KubernetesSettings } from "../../../components/platform/kubernetes/kubernetes.schema.ts";
import { keyOf, opened, type Deployed } from "./deployed.ts";

interface Rule {
  readonly to?: readonly { readonly ipBlock?: { readonly cidr: string } }[];
  readonly ports?: readonly { readonly port: number }[];
}

/**
 * Where pods reach the API server, as far as that is known without asking a cluster: by the settings, else as the last
 * release found it, by the rule that it made of it.
 */
export function apiServerIn(
  { apiServer }: Pick<KubernetesSettings, "apiServer">,
  { resources }: Pick<Deployed, "resources">,
): readonly ApiServerPlace[] {
  if (apiServer) return [apiServer];
  const policy = resources.get(
    keyOf("kubernetes:networking.k8s.io/v1:NetworkPolicy", "prometheus"),
  );
  const { spec } = opened(policy?.inputs ?? {}) as {
    readonly spec?: { readonly egress?: readonly Rule[] };
  };
  const found = (spec?.egress ?? []).flatMap(({ to = [], ports = [] }): ApiServerPlace[] => {
    const cidrs = to.flatMap(({ ipBlock }) => ipBlock?.cidr ?? []);
    const blocks = cidrs.length > 0 && cidrs.length === to.length;
    return blocks && ports.length > 0 ? [{ cidrs, ports: ports.map(({ port }) => port) }] : [];
  });
  return found.length > 0 ? found : anywhere;
}
