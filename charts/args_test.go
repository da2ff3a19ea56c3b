package charts

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// TestTheDaemonTakesWhatTheChartSays has the program itself read the flags and the config file of each values file.
func TestTheDaemonTakesWhatTheChartSays(t *testing.T) {
	lockstep := program(t, "..", "./cmd/lockstep")
	token := filepath.Join(t.TempDir(), "token")
	must(t, os.WriteFile(token, []byte(strings.Repeat("a1", 16)), 0o600))
	help, err := exec.Command(lockstep, "run", "--help").Output()
	must(t, err)
	for _, values := range valuesFiles(t) {
		all := render(t, "tools", "--values", values)
		for _, arg := range only[appsv1.Deployment](t, all, "Deployment").Spec.Template.Spec.Containers[0].Args[1:] {
			if name, _, _ := strings.Cut(arg, "="); !strings.Contains(string(help), name+" ") && !strings.Contains(string(help), name+"\n") {
				t.Errorf("%s: lockstep run has no %s", values, name)
			}
		}
		var file string
		for _, o := range all {
			if o.GetKind() == "ConfigMap" && o.GetName() != "lockstep-dashboard" && o.GetName() != "keeper-dashboard" {
				file = only[corev1.ConfigMap](t, []*unstructured.Unstructured{o}, "ConfigMap").Data["lockstep.yaml"]
			}
		}
		path := filepath.Join(t.TempDir(), "lockstep.yaml")
		must(t, os.WriteFile(path, []byte(file), 0o600))
		// The config is read before the cluster is looked for, of which there is none.
		args := onThisMachine(only[appsv1.Deployment](t, all, "Deployment"), map[string]string{
			"--config": path, "--state-dir": t.TempDir(), "--webhook-listen": "127.0.0.1:0", "--sync-token-file": token,
		})
		cmd := exec.Command(lockstep, append(args, "--kubeconfig", filepath.Join(t.TempDir(), "none"))...)
		out, err := cmd.CombinedOutput()
		if err == nil || !strings.Contains(string(out), "kubeconfig: stat") {
			t.Fatalf("%s: %v\n%s", values, err, out)
		}
		for line := range strings.Lines(string(out)) {
			mounted := strings.Contains(line, "/etc/lockstep/") || strings.Contains(line, "is refused itself") // what is mounted is not here
			if strings.Contains(line, "config: left out") && !mounted {
				t.Errorf("%s: %s", values, line)
			}
		}
	}
}
