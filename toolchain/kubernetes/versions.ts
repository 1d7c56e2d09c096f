/** What `go/core/go.mod` pins: control plane, kubelet and kube-proxy. */
export const KUBERNETES_VERSION = "1.34.2";

/** What `crds/go.mod` pins: definitions of the operator's kinds. */
export const PROMETHEUS_OPERATOR_VERSION = "0.85.0";

/** Go that both modules ask for (`go` lines of `go/*\/go.mod`). */
export const GO_NEEDED = "1.26.4";

/** Image of the pause container, of the volume helper and of probes in tests; content: `go/core/cmd/box`. */
export const BOX_IMAGE = "mcp-fleet.local/box:1";

/** Image of the cluster's DNS; content: `go/addons/coredns`. */
export const COREDNS_IMAGE = "mcp-fleet.local/coredns:1";
