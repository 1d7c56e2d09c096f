// Package policies enforces NetworkPolicies on the one node of a test cluster: every pod is here, so both ends of a
// connection between pods are judged in one table of nftables.
package policies

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os/exec"
	"sort"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	corelisters "k8s.io/client-go/listers/core/v1"
	networkinglisters "k8s.io/client-go/listers/networking/v1"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/klog/v2"
)

// Events come in bursts: one change of the kernel's table for what comes within this time.
const settle = 50 * time.Millisecond

type controller struct {
	pods       corelisters.PodLister
	namespaces corelisters.NamespaceLister
	policies   networkinglisters.NetworkPolicyLister

	mutex sync.Mutex
	// born has the addresses of pods whose status does not tell them yet, by `namespace/name`.
	born    map[string]string
	applied string
}

// Run enforces until the context ends. Arguments: --kubeconfig FILE --socket PATH, where `policy-gate` tells of pods
// that are about to start.
func Run(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("network-policies", flag.ContinueOnError)
	kubeconfig := flags.String("kubeconfig", "", "file")
	socket := flags.String("socket", "", "where policy-gate asks")
	if err := flags.Parse(args); err != nil {
		return err
	}
	config, err := clientcmd.BuildConfigFromFlags("", *kubeconfig)
	if err != nil {
		return err
	}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return err
	}
	factory := informers.NewSharedInformerFactory(client, 0)
	c := &controller{
		pods:       factory.Core().V1().Pods().Lister(),
		namespaces: factory.Core().V1().Namespaces().Lister(),
		policies:   factory.Networking().V1().NetworkPolicies().Lister(),
		born:       map[string]string{},
	}
	changed := make(chan struct{}, 1)
	wake := func() {
		select {
		case changed <- struct{}{}:
		default:
		}
	}
	podInformer := factory.Core().V1().Pods().Informer()
	for _, informer := range []cache.SharedIndexInformer{
		podInformer,
		factory.Core().V1().Namespaces().Informer(),
		factory.Networking().V1().NetworkPolicies().Informer(),
	} {
		_, err := informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
			AddFunc:    func(any) { wake() },
			UpdateFunc: func(any, any) { wake() },
			DeleteFunc: func(object any) { c.forget(object); wake() },
		})
		if err != nil {
			return err
		}
	}
	factory.Start(ctx.Done())
	for kind, synced := range factory.WaitForCacheSync(ctx.Done()) {
		if !synced {
			return fmt.Errorf("network-policies: no list of %v", kind)
		}
	}
	if err := c.apply(); err != nil {
		return err
	}
	go func() {
		if err := c.listen(ctx, client, *socket); err != nil {
			klog.Fatalf("network-policies: %v", err)
		}
	}()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-changed:
		}
		time.Sleep(settle)
		if err := c.apply(); err != nil {
			// Asked again at once would fail again at once.
			klog.Errorf("network-policies: %v", err)
			time.AfterFunc(time.Second, wake)
		}
	}
}

func (c *controller) forget(object any) {
	if gone, ok := object.(cache.DeletedFinalStateUnknown); ok {
		object = gone.Obj
	}
	if p, ok := object.(*corev1.Pod); ok {
		c.mutex.Lock()
		defer c.mutex.Unlock()
		delete(c.born, p.Namespace+"/"+p.Name)
	}
}

// apply gives the kernel the table of the present world, if it is another than the last one.
func (c *controller) apply() error {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	w, err := c.world()
	if err != nil {
		return err
	}
	text := render(w)
	if text == c.applied {
		return nil
	}
	command := exec.Command("nft", "-f", "-")
	command.Stdin = bytes.NewBufferString(text)
	if output, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("nft: %w: %s", err, output)
	}
	c.applied = text
	klog.Infof("applied %d policies to %d pods", len(w.policies), len(w.pods))
	return nil
}

func (c *controller) world() (world, error) {
	w := world{namespaces: map[string]labels.Set{}}
	objects, err := c.pods.List(labels.Everything())
	if err != nil {
		return w, err
	}
	for _, object := range objects {
		address := ""
		if object.Status.PodIP == "" {
			address = c.born[object.Namespace+"/"+object.Name]
		}
		if p, ok := podOf(object, address); ok {
			w.pods = append(w.pods, p)
		}
	}
	sort.Slice(w.pods, func(i, j int) bool { return w.pods[i].address < w.pods[j].address })
	namespaces, err := c.namespaces.List(labels.Everything())
	if err != nil {
		return w, err
	}
	for _, namespace := range namespaces {
		w.namespaces[namespace.Name] = namespace.Labels
	}
	policies, err := c.policies.List(labels.Everything())
	if err != nil {
		return w, err
	}
	w.policies = append([]*networkingv1.NetworkPolicy{}, policies...)
	return w, nil
}
