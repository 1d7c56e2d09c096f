import { NODE_DIR } from "./layout.ts";

/** Names of the node's processes; each has `logs/NAME.log` and `run/NAME.json`. */
export type ComponentName =
  | "etcd"
  | "containerd"
  | "kube-apiserver"
  | "kube-controller-manager"
  | "kube-scheduler"
  | "kubelet"
  | "kube-proxy"
  | "network-policies"
  | "metrics-server"
  | "local-path-provisioner";

/** A process of the node; paths are those inside the node's mounts. */
export interface Component {
  readonly name: ComponentName;
  readonly command: readonly string[];
  /** Started when the API server is ready: what needs it would wait in growing steps. */
  readonly needsApi: boolean;
}

/** Configuration files, inside the node's mounts. */
export const CONFIG = `${NODE_DIR}/config`;

/** Certificates and keys, inside the node's mounts. */
export const PKI = `${NODE_DIR}/pki`;

/** Authority of every certificate but the front proxy's. */
export const CA = `${PKI}/ca.crt`;

/** Configuration with which a component asks the API server. */
export function kubeconfig(name: string): string {
  return `${CONFIG}/${name}.kubeconfig`;
}
