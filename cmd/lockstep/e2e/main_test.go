package e2e

import (
	"context"
	"flag"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	stdsync "sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

var (
	kubeconfig = flag.String("kubeconfig", "", "kubeconfig of a cluster whose pods run; its current context is written to")
	image      = flag.String("image", "nginx:1.27", "image of the web server")
	next       = flag.String("next", "nginx:1.28", "a newer one")
	missing    = flag.String("missing", "nginx:0.0.0-missing", "one that no registry has")
	shell      = flag.String("shell", "busybox:1.37", "image with sh, for what a web server does not do")
	program    = flag.String("lockstep", "", "lockstep to try; empty to build it")
	capture    = flag.String("capture", "", "folder that gets what the cluster shows at each moment that is looked at")
)

func TestMain(m *testing.M) {
	flag.Parse()
	code := m.Run()
	if binary.dir != "" {
		_ = os.RemoveAll(binary.dir)
	}
	os.Exit(code)
}

// world is the cluster that was named, and the way to its Services.
type world struct {
	config  *rest.Config
	client  client.Client
	context string
	direct  bool // a Service's own address can be reached from here
}

// aCluster returns the cluster that was named, or skips the test.
func aCluster(t *testing.T) *world {
	t.Helper()
	if *kubeconfig == "" {
		t.Skip("needs a cluster whose pods run: make e2e KUBECONFIG=kubeconfig")
	}
	raw, err := clientcmd.LoadFromFile(*kubeconfig)
	must(t, err)
	config, err := clientcmd.NewDefaultClientConfig(*raw, nil).ClientConfig()
	must(t, err)
	config.QPS = -1
	c, err := client.New(config, client.Options{Scheme: scheme.Scheme})
	must(t, err)
	w := &world{config: config, client: c, context: raw.CurrentContext}
	w.direct = w.reachesServices(t)
	return w
}

// reachesServices tries the one Service that every cluster has.
func (w *world) reachesServices(t *testing.T) bool {
	t.Helper()
	var api corev1.Service
	must(t, w.client.Get(t.Context(), client.ObjectKey{Namespace: "default", Name: "kubernetes"}, &api))
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", net.JoinHostPort(api.Spec.ClusterIP, "443"))
	if err != nil {
		return false
	}
	must(t, conn.Close())
	return true
}

// binary is lockstep, built once for all tests.
var binary struct {
	stdsync.Once
	dir string
	err error
	out []byte
}

func lockstep(t *testing.T) string {
	t.Helper()
	if *program != "" {
		return *program
	}
	binary.Do(func() {
		if binary.dir, binary.err = os.MkdirTemp("", "lockstep-e2e-"); binary.err != nil {
			return
		}
		args := []string{"build", "-o", binary.dir}
		if out, err := exec.Command("go", "env", "CGO_ENABLED").Output(); err == nil && strings.TrimSpace(string(out)) == "1" {
			args = append(args, "-race")
		}
		binary.out, binary.err = exec.Command("go", append(args, "github.com/lockstep-dev/lockstep/cmd/lockstep")...).CombinedOutput()
	})
	if binary.err != nil {
		t.Fatalf("build lockstep: %v\n%s", binary.err, binary.out)
	}
	return filepath.Join(binary.dir, "lockstep")
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
