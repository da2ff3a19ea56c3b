package charts

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/openapi"
	"k8s.io/client-go/tools/clientcmd"
)

// TestKubeconformFindsNothing checks what Helm makes of each values file against the schemas that the API server publishes of its
// kinds. Those of the Prometheus operator have none there: TestTheAPIServerTakesEveryObject holds them to their types.
func TestKubeconformFindsNothing(t *testing.T) {
	c, kubeconfig := cluster(t)
	definitions(t, c)
	published := newSchemas(t, kubeconfig, "gateway.networking.k8s.io/v1")
	for _, values := range valuesFiles(t) {
		out, err := helm(t, "template", "lockstep", chart, "--namespace", "tools", "--values", values)
		must(t, err)
		for _, o := range objects(t, out) {
			published.write(o)
		}
		if said, err := published.kubeconform(out); err != nil {
			t.Errorf("%s: %v\n%s", values, err, said)
		}
	}
}

// TestKubeconformWouldFindWhatIsWrong shows that the check above sees what it is there for.
func TestKubeconformWouldFindWhatIsWrong(t *testing.T) {
	_, kubeconfig := cluster(t)
	published := newSchemas(t, kubeconfig, "apps/v1")
	out, err := helm(t, "template", "lockstep", chart, "--set", "repository.url=https://git.example.com/shop.git")
	must(t, err)
	for _, o := range objects(t, out) {
		published.write(o)
	}
	for right, wrong := range map[string]string{
		"automountServiceAccountToken: false": "automountServiceAccountTokens: false", "replicas: 2": "replicas: two",
		"readOnlyRootFilesystem": "readOnlyRootFileSystem", "podSelector:": "podSelectors:",
	} {
		if !strings.Contains(out, right) {
			t.Fatalf("the chart has no %s", right)
		}
		if said, err := published.kubeconform(strings.ReplaceAll(out, right, wrong)); err == nil {
			t.Errorf("%s is taken: %s", wrong, said)
		}
	}
}

// schemas are those of a control plane's kinds, each in a file.
type schemas struct {
	t      *testing.T
	dir    string
	groups map[string]openapi.GroupVersion
}

// newSchemas waits for those of one group and version: what a definition brings is published a little later.
func newSchemas(t *testing.T, kubeconfig, needs string) *schemas {
	t.Helper()
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	must(t, err)
	client, err := discovery.NewDiscoveryClientForConfig(config)
	must(t, err)
	s := &schemas{t: t, dir: t.TempDir()}
	eventually(t, "the schemas of "+needs, func() (bool, string) {
		s.groups, err = client.OpenAPIV3().Paths()
		must(t, err)
		return s.groups["apis/"+needs] != nil, "not published"
	})
	return s
}

// write makes the file for an object's kind, unless it is there, or the control plane has none.
func (s *schemas) write(o *unstructured.Unstructured) {
	s.t.Helper()
	kind := o.GroupVersionKind()
	// Under the name by which kubeconform looks for it; the core group is called after its version there.
	path := filepath.Join(s.dir, strings.Join([]string{cmp.Or(kind.Group, kind.Version), kind.Version, strings.ToLower(kind.Kind)}, "_")+".json")
	group, found := s.groups[strings.TrimSuffix("apis/"+kind.GroupVersion().String(), "/")]
	if kind.Group == "" {
		group, found = s.groups["api/"+kind.Version]
	}
	if _, err := os.Stat(path); err == nil || !found {
		return
	}
	text, err := group.Schema("application/json")
	must(s.t, err)
	var published struct {
		Components struct{ Schemas map[string]any }
	}
	must(s.t, json.Unmarshal(bytes.ReplaceAll(text, []byte("#/components/schemas/"), []byte("#/definitions/")), &published))
	strict(published.Components.Schemas)
	for name, of := range published.Components.Schemas {
		if described(of, kind.Group, kind.Version, kind.Kind) {
			whole, err := json.Marshal(map[string]any{"$ref": "#/definitions/" + name, "definitions": published.Components.Schemas})
			must(s.t, err)
			must(s.t, os.WriteFile(path, whole, 0o600))
		}
	}
}

// described reports whether a schema is that of a kind.
func described(of any, group, version, kind string) bool {
	fields, _ := of.(map[string]any)
	for _, each := range asList(fields["x-kubernetes-group-version-kind"]) {
		names, _ := each.(map[string]any)
		if names["group"] == group && names["version"] == version && names["kind"] == kind {
			return true
		}
	}
	return false
}

func asList(of any) []any {
	list, _ := of.([]any)
	return list
}

// strict has a schema refuse the fields that it does not name.
func strict(of any) {
	switch of := of.(type) {
	case map[string]any:
		if _, open := of["x-kubernetes-preserve-unknown-fields"]; of["properties"] != nil && of["additionalProperties"] == nil && !open {
			of["additionalProperties"] = false
		}
		for key, below := range of {
			if key != "default" {
				strict(below)
			}
		}
	case []any:
		for _, below := range of {
			strict(below)
		}
	}
}

// kubeconform runs the program of that name over objects.
func (s *schemas) kubeconform(text string) (string, error) {
	s.t.Helper()
	cmd := exec.CommandContext(s.t.Context(), program(s.t, ".", "github.com/yannh/kubeconform/cmd/kubeconform"), "-strict", "-summary",
		"-skip", "ServiceMonitor,PrometheusRule",
		"-schema-location", filepath.Join(s.dir, "{{.Group}}_{{.ResourceAPIVersion}}_{{.ResourceKind}}.json"))
	cmd.Stdin = strings.NewReader(text)
	out, err := cmd.CombinedOutput()
	if err == nil && strings.Contains(string(out), "Valid: 0,") {
		err = errors.New("it has looked at nothing")
	}
	return string(out), err
}
