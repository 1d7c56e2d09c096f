import { CA, type Component, CONFIG, kubeconfig, PKI } from "./component.ts";
import { apiServer, controllerManager, etcd, scheduler } from "./control-plane.ts";
import {
  type Layout,
  METRICS_PORT,
  NODE_BIN,
  NODE_DIR,
  NODE_NAME,
  POLICY_SOCKET,
} from "./layout.ts";
import { BOX_IMAGE } from "./versions.ts";

/**
 * Every process of the node, in the order of their start. There is one of each, so nobody elects a leader; state lives
 * as long as the cluster, so etcd waits for no disk.
 */
export function components(layout: Layout): readonly Component[] {
  return [
    etcd(),
    {
      name: "containerd",
      command: ["containerd", "--config", `${CONFIG}/containerd.toml`],
      needsApi: false,
    },
    apiServer(layout),
    controllerManager(layout),
    scheduler(),
    {
      name: "kubelet",
      command: [
        `${NODE_BIN}/kubelet`,
        `--config=${CONFIG}/kubelet.json`,
        `--kubeconfig=${kubeconfig("kubelet")}`,
        `--hostname-override=${NODE_NAME}`,
        `--node-ip=${layout.nodeAddress}`,
        `--root-dir=${NODE_DIR}/kubelet`,
        `--cert-dir=${NODE_DIR}/kubelet/pki`,
      ],
      needsApi: true,
    },
    {
      name: "kube-proxy",
      command: [`${NODE_BIN}/kube-proxy`, `--config=${CONFIG}/proxy.json`],
      needsApi: true,
    },
    {
      name: "network-policies",
      command: [
        `${NODE_BIN}/network-policies`,
        `--kubeconfig=${kubeconfig("policies")}`,
        `--socket=${POLICY_SOCKET}`,
      ],
      needsApi: true,
    },
    metricsServer(),
    provisioner(),
  ];
}

function metricsServer(): Component {
  const config = kubeconfig("metrics-client");
  return {
    name: "metrics-server",
    command: [
      `${NODE_BIN}/metrics-server`,
      `--kubeconfig=${config}`,
      `--authentication-kubeconfig=${config}`,
      `--authorization-kubeconfig=${config}`,
      `--secure-port=${METRICS_PORT}`,
      `--tls-cert-file=${PKI}/metrics-server.crt`,
      `--tls-private-key-file=${PKI}/metrics-server.key`,
      `--kubelet-certificate-authority=${CA}`,
      "--kubelet-preferred-address-types=InternalIP",
      // The shortest that it takes; longer than a kubelet may take to answer.
      "--metric-resolution=10s",
      "--kubelet-request-timeout=5s",
    ],
    needsApi: true,
  };
}

function provisioner(): Component {
  return {
    name: "local-path-provisioner",
    command: [
      `${NODE_BIN}/local-path-provisioner`,
      "start",
      `--kubeconfig=${kubeconfig("provisioner")}`,
      `--config=${CONFIG}/provisioner.json`,
      `--helper-pod-file=${CONFIG}/volume-pod.yaml`,
      `--helper-image=${BOX_IMAGE}`,
      "--namespace=local-path-storage",
      "--service-account-name=default",
      "--configmap-name=unused",
    ],
    needsApi: true,
  };
}
