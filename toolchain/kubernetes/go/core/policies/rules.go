package policies

import (
	"fmt"
	"sort"
	"strings"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/intstr"
)

const table = "inet fleet-policies"

// pod is what rules need of a pod that has an address.
type pod struct {
	namespace, name, address string
	labels                   labels.Set
	// ports by name and protocol (`http/tcp`).
	ports map[string]int32
}

// world is everything that the rules depend on.
type world struct {
	pods       []pod
	namespaces map[string]labels.Set
	policies   []*networkingv1.NetworkPolicy
}

type direction struct {
	kind             networkingv1.PolicyType
	chain, peer, set string
}

var (
	ingress = direction{networkingv1.PolicyTypeIngress, "ingress", "ip saddr", "to"}
	egress  = direction{networkingv1.PolicyTypeEgress, "egress", "ip daddr", "from"}
)

// render gives the whole table as one transaction for `nft -f`: the kernel swaps old for new at once. Replies pass;
// a new connection of a pod that a policy isolates passes one rule at least, or is rejected with "administratively
// prohibited", which a client can tell from a closed port. A chain is shared by all pods that the same policies select.
func render(w world) string {
	var chains, elements, rules strings.Builder
	for _, d := range []direction{egress, ingress} {
		seen := map[string]string{}
		for _, p := range w.pods {
			selected := w.selecting(p, d)
			if len(selected) == 0 {
				continue
			}
			key := chainKey(p, selected, d)
			chain, known := seen[key]
			if !known {
				chain = fmt.Sprintf("%s-%d", d.chain, len(seen))
				seen[key] = chain
				fmt.Fprintf(&chains, "add chain %s %s\n", table, chain)
				for _, policy := range selected {
					for _, rule := range w.rulesOf(policy, p, d) {
						fmt.Fprintf(&rules, "add rule %s %s %s\n", table, chain, strings.TrimSpace(rule+" return"))
					}
				}
				fmt.Fprintf(&rules, "add rule %s %s counter reject with icmpx admin-prohibited\n", table, chain)
			}
			fmt.Fprintf(&elements, "add element %s %s { %s : jump %s }\n", table, d.set, p.address, chain)
		}
	}
	var out strings.Builder
	// Added first, so that the deletion cannot fail when there is none.
	fmt.Fprintf(&out, "add table %[1]s\ndelete table %[1]s\nadd table %[1]s\n", table)
	fmt.Fprintf(&out, "add map %s from { type ipv4_addr : verdict; }\nadd map %s to { type ipv4_addr : verdict; }\n", table, table)
	for _, hook := range []string{"forward", "input"} {
		fmt.Fprintf(&out, "add chain %s %s { type filter hook %s priority filter; }\n", table, hook, hook)
		fmt.Fprintf(&out, "add rule %s %s ct state established,related accept\n", table, hook)
		fmt.Fprintf(&out, "add rule %s %s ip saddr vmap @from\n", table, hook)
	}
	// Not on the way out: the node itself reaches its pods, for their probes.
	fmt.Fprintf(&out, "add rule %s forward ip daddr vmap @to\n", table)
	return out.String() + chains.String() + elements.String() + rules.String()
}

// selecting are the policies that isolate a pod in a direction, by name.
func (w world) selecting(p pod, d direction) []*networkingv1.NetworkPolicy {
	var selected []*networkingv1.NetworkPolicy
	for _, policy := range w.policies {
		if policy.Namespace == p.namespace && isolates(policy, d) && matches(&policy.Spec.PodSelector, p.labels) {
			selected = append(selected, policy)
		}
	}
	sort.Slice(selected, func(i, j int) bool { return selected[i].Name < selected[j].Name })
	return selected
}

func isolates(policy *networkingv1.NetworkPolicy, d direction) bool {
	for _, kind := range policy.Spec.PolicyTypes {
		if kind == d.kind {
			return true
		}
	}
	return false
}

// chainKey is equal for pods whose rules are: named ports of ingress rules mean the ports of the pod itself.
func chainKey(p pod, selected []*networkingv1.NetworkPolicy, d direction) string {
	parts := []string{p.namespace}
	for _, policy := range selected {
		parts = append(parts, policy.Name)
	}
	if d == ingress {
		var ports []string
		for name, number := range p.ports {
			ports = append(ports, fmt.Sprintf("%s=%d", name, number))
		}
		sort.Strings(ports)
		parts = append(append(parts, "|"), ports...)
	}
	return strings.Join(parts, " ")
}

// rulesOf are the matches, each of which lets a connection of pod `p` pass.
func (w world) rulesOf(policy *networkingv1.NetworkPolicy, p pod, d direction) []string {
	var rules []string
	add := func(peers []networkingv1.NetworkPolicyPeer, ports []networkingv1.NetworkPolicyPort) {
		for _, peer := range w.peersOf(policy.Namespace, peers) {
			if len(ports) == 0 {
				rules = append(rules, strings.TrimSpace(peer.match(d)))
			}
			for _, port := range ports {
				rules = append(rules, w.portRules(peer, port, p, d)...)
			}
		}
	}
	if d == ingress {
		for _, rule := range policy.Spec.Ingress {
			add(rule.From, rule.Ports)
		}
	} else {
		for _, rule := range policy.Spec.Egress {
			add(rule.To, rule.Ports)
		}
	}
	return rules
}

// peer is one side that may be talked to: anybody, a block of addresses, or pods.
type peer struct {
	anybody bool
	block   *networkingv1.IPBlock
	pods    []pod
}

func (w world) peersOf(namespace string, specs []networkingv1.NetworkPolicyPeer) []peer {
	if len(specs) == 0 {
		return []peer{{anybody: true}}
	}
	var peers []peer
	for _, spec := range specs {
		if spec.IPBlock != nil {
			// Pods have no addresses of the other family.
			if !strings.Contains(spec.IPBlock.CIDR, ":") {
				peers = append(peers, peer{block: spec.IPBlock})
			}
			continue
		}
		if pods := w.selected(namespace, spec); len(pods) > 0 {
			peers = append(peers, peer{pods: pods})
		}
	}
	return peers
}

func (w world) selected(namespace string, spec networkingv1.NetworkPolicyPeer) []pod {
	var pods []pod
	for _, p := range w.pods {
		inNamespace := p.namespace == namespace
		if spec.NamespaceSelector != nil {
			inNamespace = matches(spec.NamespaceSelector, w.namespaces[p.namespace])
		}
		if inNamespace && (spec.PodSelector == nil || matches(spec.PodSelector, p.labels)) {
			pods = append(pods, p)
		}
	}
	return pods
}

func (p peer) match(d direction) string {
	switch {
	case p.anybody:
		return ""
	case p.block != nil:
		match := fmt.Sprintf("%s %s", d.peer, p.block.CIDR)
		if len(p.block.Except) > 0 {
			match += fmt.Sprintf(" %s != { %s }", d.peer, strings.Join(p.block.Except, ", "))
		}
		return match
	default:
		return addressMatch(d, p.pods)
	}
}

func addressMatch(d direction, pods []pod) string {
	addresses := make([]string, 0, len(pods))
	for _, p := range pods {
		addresses = append(addresses, p.address)
	}
	sort.Strings(addresses)
	return fmt.Sprintf("%s { %s }", d.peer, strings.Join(addresses, ", "))
}

func (w world) portRules(to peer, spec networkingv1.NetworkPolicyPort, self pod, d direction) []string {
	protocol := "tcp"
	if spec.Protocol != nil {
		protocol = strings.ToLower(string(*spec.Protocol))
	}
	join := func(parts ...string) []string { return []string{strings.TrimSpace(strings.Join(parts, " "))} }
	switch {
	case spec.Port == nil:
		return join(to.match(d), "meta l4proto", protocol)
	case spec.Port.Type == intstr.Int && spec.EndPort != nil:
		return join(to.match(d), fmt.Sprintf("%s dport %d-%d", protocol, spec.Port.IntVal, *spec.EndPort))
	case spec.Port.Type == intstr.Int:
		return join(to.match(d), fmt.Sprintf("%s dport %d", protocol, spec.Port.IntVal))
	}
	name := spec.Port.StrVal + "/" + protocol
	if d == ingress {
		if number, has := self.ports[name]; has {
			return join(to.match(d), fmt.Sprintf("%s dport %d", protocol, number))
		}
		return nil
	}
	// On the way out a name means the port that each receiving pod calls so; a block of addresses has no names.
	receivers := to.pods
	if to.anybody {
		receivers = w.pods
	}
	byNumber := map[int32][]pod{}
	for _, p := range receivers {
		if number, has := p.ports[name]; has {
			byNumber[number] = append(byNumber[number], p)
		}
	}
	var rules []string
	for number, pods := range byNumber {
		rules = append(rules, join(addressMatch(d, pods), fmt.Sprintf("%s dport %d", protocol, number))...)
	}
	// The text decides whether the kernel is given anything: equal worlds give equal texts.
	sort.Strings(rules)
	return rules
}

func matches(selector *metav1.LabelSelector, set labels.Set) bool {
	parsed, err := metav1.LabelSelectorAsSelector(selector)
	// The API server accepts no selector that cannot be parsed.
	return err == nil && parsed.Matches(set)
}

// podOf takes what rules need; false for pods without an address of their own.
func podOf(object *corev1.Pod, address string) (pod, bool) {
	ended := object.Status.Phase == corev1.PodSucceeded || object.Status.Phase == corev1.PodFailed
	if address == "" {
		address = object.Status.PodIP
	}
	if object.Spec.HostNetwork || ended || address == "" {
		return pod{}, false
	}
	ports := map[string]int32{}
	for _, container := range object.Spec.Containers {
		for _, port := range container.Ports {
			if port.Name != "" {
				ports[port.Name+"/"+strings.ToLower(string(port.Protocol))] = port.ContainerPort
			}
		}
	}
	return pod{object.Namespace, object.Name, address, object.Labels, ports}, true
}
