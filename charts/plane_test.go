package charts

import (
	"bufio"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	stdsync "sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// controlPlane is the local control plane, started by the first test that needs it. It ends when its standard input does.
type controlPlane struct {
	stdsync.Mutex
	cmd   *exec.Cmd
	close func() error
	dir   string
}

var plane controlPlane

// start returns the kubeconfig of the control plane.
func (p *controlPlane) start(t *testing.T) string {
	t.Helper()
	p.Lock()
	defer p.Unlock()
	if p.cmd != nil {
		return filepath.Join(p.dir, "kubeconfig")
	}
	binary, err := exec.Command("go", "run", "-C", "../cmd/localcluster", "./build", "-check").Output()
	if err != nil {
		t.Fatalf("find the local control plane (make cluster-build makes it): %v", err)
	}
	p.dir, err = os.MkdirTemp("", "lockstep-charts-plane-")
	must(t, err)
	p.cmd = exec.Command(strings.TrimSpace(string(binary)), "up", "--foreground", "--until-stdin-closes", "--ephemeral", "--dir", p.dir)
	p.cmd.Stderr = os.Stderr
	stdin, err := p.cmd.StdinPipe()
	must(t, err)
	p.close = stdin.Close
	stdout, err := p.cmd.StdoutPipe()
	must(t, err)
	must(t, p.cmd.Start())
	// Its first words on standard output are that it is ready.
	if _, err := bufio.NewReader(stdout).ReadString('\n'); err != nil {
		t.Fatalf("the local control plane did not become ready: %v", err)
	}
	return filepath.Join(p.dir, "kubeconfig")
}

func (p *controlPlane) stop() error {
	p.Lock()
	defer p.Unlock()
	if p.cmd == nil {
		return nil
	}
	_ = p.close() // an error means that it is gone
	return p.cmd.Wait()
}

// cluster returns a client of the control plane, and its kubeconfig.
func cluster(t *testing.T) (client.Client, string) {
	t.Helper()
	kubeconfig := plane.start(t)
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	must(t, err)
	config.QPS = -1
	all := runtime.NewScheme()
	utilruntime.Must(scheme.AddToScheme(all))
	utilruntime.Must(apiextensionsv1.AddToScheme(all))
	c, err := client.New(config, client.Options{Scheme: all})
	must(t, err)
	return c, kubeconfig
}

// restricted makes a namespace that takes no pod but those of the strictest standard, and deletes it with the test.
func restricted(t *testing.T, c client.Client) string {
	t.Helper()
	ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{
		GenerateName: "chart-", Labels: map[string]string{"pod-security.kubernetes.io/enforce": "restricted"},
	}}
	must(t, c.Create(t.Context(), ns))
	t.Cleanup(func() {
		// The test's own context has ended by now.
		if err := client.IgnoreNotFound(c.Delete(context.Background(), ns)); err != nil {
			t.Errorf("delete namespace: %v", err)
		}
	})
	return ns.Name
}

// uninstalled takes the release lockstep away with the test: what is in no namespace does not go with one.
func uninstalled(t *testing.T, namespace, kubeconfig string) {
	t.Helper()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute) // the test's own context has ended by now
		defer cancel()
		out, err := helmUntil(ctx, t, "uninstall", "lockstep", "--namespace", namespace, "--kubeconfig", kubeconfig, "--ignore-not-found")
		if err != nil {
			t.Errorf("helm uninstall: %v\n%s", err, out)
		}
	})
}

// eventually waits for a condition; the second value says what there is meanwhile.
func eventually(t *testing.T, what string, condition func() (bool, string)) {
	t.Helper()
	deadline := time.Now().Add(2 * time.Minute)
	for {
		done, state := condition()
		if done {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("wait for %s: %s", what, state)
		}
		select {
		case <-t.Context().Done():
			t.Fatal(t.Context().Err())
		case <-time.After(50 * time.Millisecond):
		}
	}
}
