import { CA, type Component, kubeconfig, PKI } from "./component.ts";
import { API_PORT, type Layout, NODE_BIN, NODE_DIR, NODE_NAME } from "./layout.ts";

const TOKENS = `${PKI}/tokens.key`;
const ETCD = "http://127.0.0.1:2379";

/** Keeps the state, for as long as the cluster lives. */
export function etcd(): Component {
  return {
    name: "etcd",
    command: [
      `${NODE_BIN}/etcd`,
      `--name=${NODE_NAME}`,
      `--initial-cluster=${NODE_NAME}=http://127.0.0.1:2380`,
      "--initial-advertise-peer-urls=http://127.0.0.1:2380",
      "--listen-peer-urls=http://127.0.0.1:2380",
      `--data-dir=${NODE_DIR}/etcd`,
      `--listen-client-urls=${ETCD}`,
      `--advertise-client-urls=${ETCD}`,
      "--unsafe-no-fsync=true",
      // There is nobody to send heartbeats to; the ten ticks a second of a member would only cost.
      "--heartbeat-interval=250",
      "--election-timeout=1250",
      "--log-level=warn",
    ],
    needsApi: false,
  };
}

/** Takes every request; knows users by their certificates. */
export function apiServer(layout: Layout): Component {
  return {
    name: "kube-apiserver",
    command: [
      `${NODE_BIN}/kube-apiserver`,
      `--advertise-address=${layout.nodeAddress}`,
      `--secure-port=${API_PORT}`,
      `--etcd-servers=${ETCD}`,
      `--service-cluster-ip-range=${layout.serviceRange}`,
      "--authorization-mode=Node,RBAC",
      // Pod Security and the rest of the default set are on by themselves.
      "--enable-admission-plugins=NodeRestriction",
      "--allow-privileged=true",
      `--client-ca-file=${CA}`,
      `--tls-cert-file=${PKI}/apiserver.crt`,
      `--tls-private-key-file=${PKI}/apiserver.key`,
      `--kubelet-certificate-authority=${CA}`,
      `--kubelet-client-certificate=${PKI}/apiserver-kubelet.crt`,
      `--kubelet-client-key=${PKI}/apiserver-kubelet.key`,
      "--kubelet-preferred-address-types=InternalIP",
      "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
      `--service-account-key-file=${TOKENS}`,
      `--service-account-signing-key-file=${TOKENS}`,
      `--requestheader-client-ca-file=${PKI}/front-proxy-ca.crt`,
      "--requestheader-allowed-names=front-proxy",
      "--requestheader-username-headers=X-Remote-User",
      "--requestheader-group-headers=X-Remote-Group",
      "--requestheader-extra-headers-prefix=X-Remote-Extra-",
      `--proxy-client-cert-file=${PKI}/front-proxy.crt`,
      `--proxy-client-key-file=${PKI}/front-proxy.key`,
      // Extensions are asked at their own address: so they are reached before kube-proxy has written its rules.
      "--enable-aggregator-routing=true",
      "--endpoint-reconciler-type=lease",
      "--profiling=false",
    ],
    needsApi: false,
  };
}

/** Makes what objects ask for. */
export function controllerManager(layout: Layout): Component {
  const config = kubeconfig("controller-manager");
  return {
    name: "kube-controller-manager",
    command: [
      `${NODE_BIN}/kube-controller-manager`,
      `--kubeconfig=${config}`,
      `--authentication-kubeconfig=${config}`,
      `--authorization-kubeconfig=${config}`,
      "--leader-elect=false",
      "--bind-address=127.0.0.1",
      "--use-service-account-credentials=true",
      `--service-account-private-key-file=${TOKENS}`,
      `--root-ca-file=${CA}`,
      `--cluster-signing-cert-file=${CA}`,
      `--cluster-signing-key-file=${PKI}/ca.key`,
      "--allocate-node-cidrs=true",
      `--cluster-cidr=${layout.podRange}`,
      "--node-cidr-mask-size=24",
      `--service-cluster-ip-range=${layout.serviceRange}`,
      `--flex-volume-plugin-dir=${NODE_DIR}/kubelet/volume-plugins`,
      // A test waits for the autoscaler's next look; 15 s by default.
      "--horizontal-pod-autoscaler-sync-period=5s",
    ],
    needsApi: true,
  };
}

/** Places pods. */
export function scheduler(): Component {
  return {
    name: "kube-scheduler",
    command: [
      `${NODE_BIN}/kube-scheduler`,
      `--kubeconfig=${kubeconfig("scheduler")}`,
      `--authentication-kubeconfig=${kubeconfig("scheduler")}`,
      `--authorization-kubeconfig=${kubeconfig("scheduler")}`,
      "--leader-elect=false",
      "--bind-address=127.0.0.1",
    ],
    needsApi: true,
  };
}
