// Operator-config prints the configuration that the Prometheus operator makes of PodMonitors.
//
// It reads a JSON list of PodMonitors from its standard input.
package main

import (
	"encoding/json"
	"log"
	"os"

	monitoringv1 "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	"github.com/prometheus-operator/prometheus-operator/pkg/assets"
	"github.com/prometheus-operator/prometheus-operator/pkg/prometheus"
	"k8s.io/client-go/kubernetes/fake"
)

func main() {
	var monitors []*monitoringv1.PodMonitor
	decoder := json.NewDecoder(os.Stdin)
	// What the operator does not know, it would not do.
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&monitors); err != nil {
		log.Fatal(err)
	}
	byName := map[string]*monitoringv1.PodMonitor{}
	for _, monitor := range monitors {
		byName[monitor.Namespace+"/"+monitor.Name] = monitor
	}
	server := &monitoringv1.Prometheus{}
	server.Name, server.Namespace = "cluster", "monitoring"
	server.Spec.ScrapeInterval, server.Spec.EvaluationInterval = "30s", "30s"
	generator, err := prometheus.NewConfigGenerator(nil, server)
	if err != nil {
		log.Fatal(err)
	}
	core := fake.NewClientset().CoreV1()
	config, err := generator.GenerateServerConfiguration(
		server, nil, byName, nil, nil, assets.NewStoreBuilder(core, core), nil, nil, nil, nil)
	if err != nil {
		log.Fatal(err)
	}
	os.Stdout.Write(config)
}
