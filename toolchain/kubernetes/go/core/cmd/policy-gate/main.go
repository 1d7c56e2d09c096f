// Command policy-gate is the last CNI plugin of a pod's chain: it lets a pod start when its NetworkPolicies are in the
// kernel, and not before.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/containernetworking/cni/pkg/skel"
	"github.com/containernetworking/cni/pkg/types"
	current "github.com/containernetworking/cni/pkg/types/100"
	"github.com/containernetworking/cni/pkg/version"
)

const patience = 10 * time.Second

type settings struct {
	types.NetConf
	// Socket of `network-policies`.
	Socket string `json:"socket"`
}

type podArgs struct {
	types.CommonArgs
	K8S_POD_NAMESPACE types.UnmarshallableString
	K8S_POD_NAME      types.UnmarshallableString
}

func main() {
	nothing := func(*skel.CmdArgs) error { return nil }
	skel.PluginMainFuncs(skel.CNIFuncs{Add: add, Del: nothing, Check: nothing}, version.All, "policy-gate")
}

func add(args *skel.CmdArgs) error {
	var config settings
	if err := json.Unmarshal(args.StdinData, &config); err != nil {
		return err
	}
	if err := version.ParsePrevResult(&config.NetConf); err != nil {
		return err
	}
	result, err := current.NewResultFromResult(config.PrevResult)
	if err != nil {
		return err
	}
	pod := podArgs{CommonArgs: types.CommonArgs{IgnoreUnknown: true}}
	if err := types.LoadArgs(args.Args, &pod); err != nil {
		return err
	}
	for _, address := range result.IPs {
		if err := ask(config.Socket, string(pod.K8S_POD_NAMESPACE), string(pod.K8S_POD_NAME), address.Address.IP.String()); err != nil {
			return err
		}
	}
	return types.PrintResult(config.PrevResult, config.CNIVersion)
}

func ask(socket, namespace, name, address string) error {
	connection, err := net.DialTimeout("unix", socket, patience)
	if err != nil {
		return fmt.Errorf("network-policies does not run: %w", err)
	}
	defer connection.Close()
	if err := connection.SetDeadline(time.Now().Add(patience)); err != nil {
		return err
	}
	if _, err := fmt.Fprintf(connection, "%s %s %s\n", namespace, name, address); err != nil {
		return err
	}
	answer, err := bufio.NewReader(connection).ReadString('\n')
	if err != nil {
		return fmt.Errorf("network-policies does not answer: %w", err)
	}
	if answer = strings.TrimSpace(answer); answer != "ok" {
		return fmt.Errorf("network-policies: %s", answer)
	}
	return nil
}
