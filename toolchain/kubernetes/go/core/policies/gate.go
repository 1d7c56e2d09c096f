package policies

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"os"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/klog/v2"
)

const knownWithin = 5 * time.Second

// listen answers `NAMESPACE NAME ADDRESS` with `ok` once the rules of that pod are in the kernel. A pod therefore sends
// no packet that its policies do not let pass, from its first one on.
func (c *controller) listen(ctx context.Context, client kubernetes.Interface, path string) error {
	// Left by a run that was killed.
	if err := os.Remove(path); err != nil && !os.IsNotExist(err) {
		return err
	}
	listener, err := net.Listen("unix", path)
	if err != nil {
		return err
	}
	go func() {
		<-ctx.Done()
		listener.Close()
	}()
	for {
		connection, err := listener.Accept()
		if err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return err
		}
		go func() {
			defer connection.Close()
			answer := "ok"
			if err := c.admit(ctx, client, connection); err != nil {
				klog.Errorf("gate: %v", err)
				answer = err.Error()
			}
			fmt.Fprintln(connection, answer)
		}()
	}
}

func (c *controller) admit(ctx context.Context, client kubernetes.Interface, connection net.Conn) error {
	line, err := bufio.NewReader(connection).ReadString('\n')
	if err != nil {
		return err
	}
	words := strings.Fields(line)
	if len(words) != 3 {
		return fmt.Errorf("got %q, want NAMESPACE NAME ADDRESS", strings.TrimSpace(line))
	}
	namespace, name, address := words[0], words[1], words[2]
	c.mutex.Lock()
	c.born[namespace+"/"+name] = address
	c.mutex.Unlock()
	// The kubelet's watch may be ahead of ours.
	for until := time.Now().Add(knownWithin); ; time.Sleep(20 * time.Millisecond) {
		if _, err := c.pods.Pods(namespace).Get(name); err == nil {
			break
		}
		if time.Now().After(until) {
			if _, err := client.CoreV1().Pods(namespace).Get(ctx, name, metav1.GetOptions{}); err != nil {
				return err
			}
			return fmt.Errorf("pod %s/%s is not in the cache after %s", namespace, name, knownWithin)
		}
	}
	return c.apply()
}
