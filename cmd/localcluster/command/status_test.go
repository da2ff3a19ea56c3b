package command_test

import (
	"encoding/json"
	"os"
	"testing"

	"github.com/lockstep-dev/lockstep/cmd/localcluster/controlplane"
)

func TestStatusShowsComponentsNodesAndTheAddress(t *testing.T) {
	f := start(t, "--nodes", "2", "--node-cpu", "500m", "--node-memory", "2Gi", "--node-pods", "7")
	out := must(t, "status", "--dir", string(f.dir))
	expect(t, out, f.state.Server, f.dir.Kubeconfig(), "lockstep-local", "node-1  true   500m  2Gi     7", "node-2")
	for _, name := range controlplane.Components() {
		expect(t, out, name, f.dir.Log(name))
	}
	var s struct {
		Running, Ready bool
		Kubernetes     string
		Nodes          []controlplane.NodeStatus
		Components     []controlplane.ComponentStatus
	}
	if err := json.Unmarshal([]byte(must(t, "status", "--dir", string(f.dir), "-o", "json")), &s); err != nil {
		t.Fatal(err)
	}
	if !s.Running || !s.Ready || len(s.Nodes) != 2 || s.Nodes[1].CPU != "500m" || !s.Nodes[1].Ready {
		t.Errorf("status is %+v", s)
	}
	for _, c := range s.Components {
		if len(c.Version) < len("v0.0.0") || c.Version[0] != 'v' {
			t.Errorf("%s has version %q", c.Name, c.Version)
		}
	}
}

func TestStatusWithoutAClusterSaysHowToStartOne(t *testing.T) {
	dir := t.TempDir()
	r := run(t, "status", "--dir", dir)
	if r.code != 1 {
		t.Errorf("exit code %d", r.code)
	}
	expect(t, r.err, "no cluster runs in "+dir+"; start one with: up")
	r = run(t, "status", "--dir", dir, "-o", "json")
	if r.code != 1 {
		t.Errorf("-o json: exit code %d", r.code)
	}
	expect(t, r.out, `"running": false`)
	expect(t, run(t, "status", "-o", "yaml").err, `"yaml" is neither table nor json`)
}

func TestKubeconfigPrintsTheFileOrItsPath(t *testing.T) {
	f := start(t)
	want, err := os.ReadFile(f.dir.Kubeconfig())
	if err != nil {
		t.Fatal(err)
	}
	if got := must(t, "kubeconfig", "--dir", string(f.dir)); got != string(want) {
		t.Error("it prints something else than the file")
	}
	if got := must(t, "kubeconfig", "--path", "--dir", string(f.dir)); got != f.dir.Kubeconfig()+"\n" {
		t.Errorf("the path is %q", got)
	}
	r := run(t, "kubeconfig", "--dir", t.TempDir())
	if r.code != 1 {
		t.Errorf("without a cluster: exit code %d", r.code)
	}
}

func TestHelpIsThereForEachCommand(t *testing.T) {
	for _, name := range []string{"up", "down", "status", "kubeconfig"} {
		expect(t, must(t, name, "--help"), "localcluster "+name, "--dir")
		expect(t, must(t, "--help"), name)
	}
}
