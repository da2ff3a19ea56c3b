package charts

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	monitoringv1 "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"
)

// The Gateway API keeps its definitions in its Go module. Nothing is compiled of it, so it is not in go.mod.
const (
	gatewayAPI = "sigs.k8s.io/gateway-api@v1.4.0"
	routes     = "config/crd/standard/gateway.networking.k8s.io_httproutes.yaml"
)

// routeDefinition is the definition of HTTPRoute.
func routeDefinition(t *testing.T) *apiextensionsv1.CustomResourceDefinition {
	t.Helper()
	out, err := exec.Command("go", "mod", "download", "-json", gatewayAPI).Output()
	if err != nil {
		t.Fatalf("download %s: %v\n%s", gatewayAPI, err, out)
	}
	var downloaded struct{ Dir string }
	must(t, json.Unmarshal(out, &downloaded))
	text, err := os.ReadFile(filepath.Join(downloaded.Dir, routes))
	must(t, err)
	definition := &apiextensionsv1.CustomResourceDefinition{}
	must(t, yaml.Unmarshal(text, definition))
	return definition
}

// operators returns a value of the Prometheus operator's own type for one of its objects, nil for another's. The operator's
// definitions are in no module, its types are.
func operators(o *unstructured.Unstructured) any {
	switch o.GetKind() {
	case monitoringv1.ServiceMonitorsKind:
		return &monitoringv1.ServiceMonitor{}
	case monitoringv1.PrometheusRuleKind:
		return &monitoringv1.PrometheusRule{}
	}
	return nil
}

// conforms refuses fields that a type does not have.
func conforms(t *testing.T, o *unstructured.Unstructured, into any) {
	t.Helper()
	text, err := json.Marshal(o.Object)
	must(t, err)
	if err := yaml.UnmarshalStrict(text, into); err != nil {
		t.Errorf("%s %s: %v", o.GetKind(), o.GetName(), err)
	}
}
