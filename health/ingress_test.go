package health_test

import (
	"context"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/rest"

	"github.com/lockstep-dev/lockstep/apply/clustertest"
	"github.com/lockstep-dev/lockstep/health"
)

// ingress leads to the Service of [web], by a class and with a certificate that are not there unless a test makes them.
func (c *cluster) ingress() *unstructured.Unstructured {
	service := map[string]any{"service": map[string]any{"name": "web-service", "port": map[string]any{"number": 80}}}
	return unstructuredOf(c.t, map[string]any{
		"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": map[string]any{"name": "shop", "namespace": c.namespace},
		"spec": map[string]any{
			"ingressClassName": c.namespace, "defaultBackend": service,
			"tls": []any{map[string]any{"secretName": "shop-tls"}, map[string]any{"secretName": "shop-tls", "hosts": []any{"example.com"}}},
		},
	})
}

// warned are the reasons of the warnings of r about the Ingress.
func warned(r *health.Report) string {
	var all []string
	for _, w := range r.Warnings {
		if w.Object.Kind == "Ingress" {
			all = append(all, string(w.Reason))
		}
	}
	return strings.Join(all, " ")
}

func TestWhatAnIngressNamesAndIsNotThereIsAWarning(t *testing.T) {
	c := newCluster(t)
	h := c.follow(c.apply(append(web(t, 1), c.ingress())...))
	h.eventually(t, "both to be missed", func(r *health.Report) bool {
		return isCurrent(r) && warned(r) == "IngressClassMissing TLSSecretMissing"
	})
}

func TestWhatAnIngressNamesAndIsThereIsNoWarning(t *testing.T) {
	c := newCluster(t)
	c.applyWide(map[string]any{
		"apiVersion": "networking.k8s.io/v1", "kind": "IngressClass", "metadata": map[string]any{"name": c.namespace},
		"spec": map[string]any{"controller": "example.com/none"},
	})
	certificate := unstructuredOf(t, map[string]any{"apiVersion": "v1", "kind": "Secret", "metadata": map[string]any{"name": "shop-tls"}})
	h := c.follow(append(c.apply(append(web(t, 1), c.ingress())...), c.apply(certificate)...))
	h.eventually(t, "health", isCurrent)
	clustertest.Eventually(t, "the class to be looked for", func(context.Context) (bool, string) {
		return c.gate.Looked() == 1, ""
	})
	if r := h.last(); warned(r) != "" {
		t.Errorf("warned of %s", warned(r))
	}
}

func TestWhatAnIngressNamesAndMayNotBeReadIsNotSpokenOf(t *testing.T) {
	config := rest.CopyConfig(clustertest.Config(t))
	config.Impersonate = rest.ImpersonationConfig{UserName: stranger}
	c := newClusterBy(t, config)
	c.allow("apps", "deployments", "replicasets")
	c.allow("", "pods", "services")
	c.allow("networking.k8s.io", "ingresses")
	c.allow("discovery.k8s.io", "endpointslices")
	h := c.follow(c.apply(append(web(t, 1), c.ingress())...))
	h.eventually(t, "health", isCurrent)
	clustertest.Eventually(t, "both to be looked for", func(context.Context) (bool, string) {
		return c.gate.Looked() == 2, ""
	})
	if r := h.last(); warned(r) != "" {
		t.Errorf("warned of %s", warned(r))
	}
}
