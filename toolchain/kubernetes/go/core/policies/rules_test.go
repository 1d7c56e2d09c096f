package policies

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/intstr"
)

func selector(app string) *metav1.LabelSelector {
	return &metav1.LabelSelector{MatchLabels: map[string]string{"app": app}}
}

func port(value intstr.IntOrString, protocol corev1.Protocol) networkingv1.NetworkPolicyPort {
	return networkingv1.NetworkPolicyPort{Port: &value, Protocol: &protocol}
}

func policy(namespace, name, app string, kinds ...networkingv1.PolicyType) *networkingv1.NetworkPolicy {
	return &networkingv1.NetworkPolicy{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name},
		Spec:       networkingv1.NetworkPolicySpec{PodSelector: *selector(app), PolicyTypes: kinds},
	}
}

func exampleWorld(policies ...*networkingv1.NetworkPolicy) world {
	http := map[string]int32{"http/tcp": 8080}
	return world{
		pods: []pod{
			{"shop", "web", "10.0.0.1", labels.Set{"app": "web"}, http},
			{"shop", "web-2", "10.0.0.2", labels.Set{"app": "web"}, map[string]int32{"http/tcp": 9090}},
			{"shop", "job", "10.0.0.3", labels.Set{"app": "job"}, nil},
			{"other", "job", "10.0.0.4", labels.Set{"app": "job"}, http},
		},
		namespaces: map[string]labels.Set{"shop": {"kind": "a"}, "other": {"kind": "b"}},
		policies:   policies,
	}
}

// rules are the rules of a chain, in order, without its name.
func rules(text, chain string) []string {
	var found []string
	prefix := "add rule " + table + " " + chain + " "
	for _, line := range strings.Split(text, "\n") {
		if strings.HasPrefix(line, prefix) {
			found = append(found, strings.TrimPrefix(line, prefix))
		}
	}
	return found
}

const refuse = "counter reject with icmpx admin-prohibited"

func expect(t *testing.T, got []string, want ...string) {
	t.Helper()
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

func TestWithoutPoliciesNothingIsRefused(t *testing.T) {
	text := render(exampleWorld())
	if strings.Contains(text, "reject") || strings.Contains(text, "jump") {
		t.Error(text)
	}
}

func TestDefaultDenyRefusesEveryNewConnection(t *testing.T) {
	text := render(exampleWorld(policy("shop", "deny", "job", networkingv1.PolicyTypeIngress)))
	expect(t, rules(text, "ingress-0"), refuse)
	if !strings.Contains(text, "to { 10.0.0.3 : jump ingress-0 }") || strings.Contains(text, "10.0.0.4") {
		t.Error("the pod of that name in another namespace is not meant:", text)
	}
}

func TestNamedPortsAreThoseOfTheReceiver(t *testing.T) {
	in := policy("shop", "in", "web", networkingv1.PolicyTypeIngress)
	in.Spec.Ingress = []networkingv1.NetworkPolicyIngressRule{{
		Ports: []networkingv1.NetworkPolicyPort{port(intstr.FromString("http"), corev1.ProtocolTCP)},
	}}
	text := render(exampleWorld(in))
	expect(t, rules(text, "ingress-0"), "tcp dport 8080 return", refuse)
	expect(t, rules(text, "ingress-1"), "tcp dport 9090 return", refuse)

	out := policy("shop", "out", "job", networkingv1.PolicyTypeEgress)
	out.Spec.Egress = []networkingv1.NetworkPolicyEgressRule{{
		To:    []networkingv1.NetworkPolicyPeer{{PodSelector: selector("web")}},
		Ports: []networkingv1.NetworkPolicyPort{port(intstr.FromString("http"), corev1.ProtocolTCP)},
	}}
	expect(t, rules(render(exampleWorld(out)), "egress-0"),
		"ip daddr { 10.0.0.1 } tcp dport 8080 return",
		"ip daddr { 10.0.0.2 } tcp dport 9090 return",
		refuse)
}

func TestPeersAreOfTheirNamespaceUnlessOthersAreNamed(t *testing.T) {
	in := policy("shop", "in", "web", networkingv1.PolicyTypeIngress)
	from := func(peers ...networkingv1.NetworkPolicyPeer) []string {
		in.Spec.Ingress = []networkingv1.NetworkPolicyIngressRule{{From: peers}}
		return rules(render(exampleWorld(in)), "ingress-0")
	}
	everywhere := &metav1.LabelSelector{}
	b := &metav1.LabelSelector{MatchLabels: map[string]string{"kind": "b"}}
	expect(t, from(), "return", refuse)
	expect(t, from(networkingv1.NetworkPolicyPeer{PodSelector: selector("job")}), "ip saddr { 10.0.0.3 } return", refuse)
	expect(t, from(networkingv1.NetworkPolicyPeer{PodSelector: selector("job"), NamespaceSelector: everywhere}),
		"ip saddr { 10.0.0.3, 10.0.0.4 } return", refuse)
	expect(t, from(networkingv1.NetworkPolicyPeer{NamespaceSelector: b}), "ip saddr { 10.0.0.4 } return", refuse)
	expect(t, from(networkingv1.NetworkPolicyPeer{PodSelector: selector("nobody")}), refuse)
}

func TestBlocksHaveExceptionsAndPortsHaveRanges(t *testing.T) {
	end := int32(99)
	some := port(intstr.FromInt32(90), corev1.ProtocolUDP)
	some.EndPort = &end
	sctp := corev1.ProtocolSCTP
	out := policy("shop", "out", "job", networkingv1.PolicyTypeEgress)
	out.Spec.Egress = []networkingv1.NetworkPolicyEgressRule{{
		To: []networkingv1.NetworkPolicyPeer{
			{IPBlock: &networkingv1.IPBlock{CIDR: "10.0.0.0/8", Except: []string{"10.1.0.0/16", "10.2.0.0/16"}}},
			{IPBlock: &networkingv1.IPBlock{CIDR: "fd00::/8"}},
		},
		Ports: []networkingv1.NetworkPolicyPort{some, {Protocol: &sctp}},
	}}
	block := "ip daddr 10.0.0.0/8 ip daddr != { 10.1.0.0/16, 10.2.0.0/16 } "
	expect(t, rules(render(exampleWorld(out)), "egress-0"),
		block+"udp dport 90-99 return", block+"meta l4proto sctp return", refuse)
}

func TestPodsOfTheSamePoliciesShareAChainAndPoliciesAddUp(t *testing.T) {
	first := policy("shop", "a", "web", networkingv1.PolicyTypeEgress)
	second := policy("shop", "b", "web", networkingv1.PolicyTypeEgress)
	second.Spec.Egress = []networkingv1.NetworkPolicyEgressRule{{}}
	text := render(exampleWorld(second, first))
	expect(t, rules(text, "egress-0"), "return", refuse)
	if strings.Contains(text, "egress-1") {
		t.Error("a chain more than needed:", text)
	}
	if text != render(exampleWorld(first, second)) {
		t.Error("the order of policies shows in the text")
	}
}

func TestPodsWithoutAnAddressOfTheirOwnAreLeftOut(t *testing.T) {
	object := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "p"}}
	if _, ok := podOf(object, ""); ok {
		t.Error("no address yet")
	}
	if p, ok := podOf(object, "10.0.0.9"); !ok || p.address != "10.0.0.9" {
		t.Error("the address that the network gave it")
	}
	object.Status.PodIP = "10.0.0.8"
	object.Status.Phase = corev1.PodSucceeded
	if _, ok := podOf(object, ""); ok {
		t.Error("another pod may have the address of one that ended")
	}
	object.Status.Phase = corev1.PodRunning
	object.Spec.HostNetwork = true
	if _, ok := podOf(object, ""); ok {
		t.Error("its address is the node's")
	}
}
