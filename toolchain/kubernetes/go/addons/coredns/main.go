// Command coredns is CoreDNS with the plugins that a cluster of tests needs, and no others: the full set takes
// several clouds' libraries along.
package main

import (
	_ "github.com/coredns/coredns/plugin/cache"
	_ "github.com/coredns/coredns/plugin/errors"
	_ "github.com/coredns/coredns/plugin/health"
	_ "github.com/coredns/coredns/plugin/kubernetes"
	_ "github.com/coredns/coredns/plugin/ready"
	_ "github.com/coredns/coredns/plugin/template"

	"github.com/coredns/coredns/core/dnsserver"
	"github.com/coredns/coredns/coremain"
)

// The order in which a query passes the plugins.
func init() {
	dnsserver.Directives = []string{"health", "ready", "errors", "cache", "kubernetes", "template", "startup", "shutdown"}
}

func main() {
	coremain.Run()
}
