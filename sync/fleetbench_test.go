package sync_test

import (
	"bufio"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	stdsync "sync"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/lockstep-dev/lockstep/apply"
	"github.com/lockstep-dev/lockstep/apply/clustertest"
	"github.com/lockstep-dev/lockstep/git/gittest"
	"github.com/lockstep-dev/lockstep/sync/benchdaemon"
)

var (
	benchApps = flag.Int("apps", 100, "how many apps the fleet's benchmark has")
	benchRest = flag.Duration("rest", 20*time.Second, "how long it watches the fleet at rest")
)

// benchObjects are the objects of one app.
func benchObjects(name string, replicas int) []string {
	return []string{
		fmt.Sprintf("apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: %s}\n", name),
		fmt.Sprintf(`apiVersion: apps/v1
kind: Deployment
metadata: {name: %[1]s, labels: {app: %[1]s}}
spec:
  replicas: %[2]d
  selector: {matchLabels: {app: %[1]s}}
  template:
    metadata: {labels: {app: %[1]s}}
    spec:
      serviceAccountName: %[1]s
      containers:
      - name: web
        image: nginx:1.27
        ports: [{name: http, containerPort: 80}]
        readinessProbe: {httpGet: {path: /, port: http}}
        resources: {requests: {cpu: 1m, memory: 1Mi}, limits: {cpu: 10m, memory: 10Mi}}
`, name, replicas),
		fmt.Sprintf("apiVersion: v1\nkind: Service\nmetadata: {name: %[1]s}\nspec: {selector: {app: %[1]s}, ports: [{name: http, port: 80, targetPort: http}]}\n", name),
		fmt.Sprintf("apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: %[1]s}\nspec: {rules: [{host: %[1]s.example.com, http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: %[1]s, port: {name: http}}}}]}}]}\n", name),
	}
}

func benchName(i int) string { return fmt.Sprintf("app-%04d", i) }

// fleetBench is a cluster with room, a repository of apps, and a daemon in a process of its own.
type fleetBench struct {
	*testing.B
	client client.WithWatch
	repo   *gittest.Repo
	order  benchdaemon.Order
	n      int

	program string // the daemon's
	daemon  *exec.Cmd
	stdin   io.WriteCloser
	mu      stdsync.Mutex
	healthy map[string]map[string]time.Time // by revision, by app
	usage   chan benchdaemon.Usage
	ended   chan struct{}
}

// BenchmarkFleet times a daemon of many apps beside a bare client that PATCHes the same objects concurrently, in the same
// run, on the same control plane.
func BenchmarkFleet(b *testing.B) {
	f := newFleetBench(b, *benchApps)
	bare := newBareFleet(f)
	b.ResetTimer()
	f.install(bare)
	f.scale(bare, 3)
	f.touchOne(10)
	if os.Getenv("LOCKSTEP_BENCH_PROFILE") != "" {
		return
	}
	f.again()
	f.rest(*benchRest)
}

func newFleetBench(b *testing.B, n int) *fleetBench {
	b.Helper()
	f := &fleetBench{B: b, client: clustertest.Client(b), repo: gittest.New(b), n: n}
	f.build()
	f.room()
	namespace := clustertest.Namespace(b)
	f.order = benchdaemon.Order{Kubeconfig: clustertest.Kubeconfig(b), Repository: f.repo.Dir, Namespace: namespace, State: clustertest.Namespace(b)}
	for i := range n {
		f.write(i, 1)
	}
	return f
}

// build compiles the daemon as the program is compiled.
func (f *fleetBench) build() {
	f.program = filepath.Join(f.TempDir(), "daemon")
	build := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", f.program, "./benchdaemon/main")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		f.Fatalf("%v\n%s", err, out)
	}
}

// room gives the cluster nodes for all the pods.
func (f *fleetBench) room() {
	for i := range 8 {
		node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprintf("bench-%d", i)}}
		node.Status.Capacity = corev1.ResourceList{
			corev1.ResourceCPU: resource.MustParse("64"), corev1.ResourceMemory: resource.MustParse("256Gi"), corev1.ResourcePods: resource.MustParse("2000"),
		}
		node.Status.Allocatable = node.Status.Capacity
		if err := f.client.Create(f.Context(), node.DeepCopy()); err != nil {
			f.Fatal(err)
		}
		f.Cleanup(func() { _ = f.client.Delete(context.Background(), node) })
		clustertest.Eventually(f, "the node", func(ctx context.Context) (bool, string) {
			var live corev1.Node
			if err := f.client.Get(ctx, client.ObjectKeyFromObject(node), &live); err != nil {
				return false, err.Error()
			}
			live.Status.Capacity, live.Status.Allocatable = node.Status.Capacity, node.Status.Allocatable
			return f.client.Status().Update(ctx, &live) == nil, ""
		})
	}
}

func (f *fleetBench) write(i, replicas int) {
	text := ""
	for _, object := range benchObjects(benchName(i), replicas) {
		text += "---\n" + object
	}
	f.repo.Write("apps/"+benchName(i)+"/app.yaml", text)
}

// start starts the daemon.
func (f *fleetBench) start() {
	f.Helper()
	text, err := json.Marshal(f.order)
	if err != nil {
		f.Fatal(err)
	}
	f.healthy, f.usage, f.ended = map[string]map[string]time.Time{}, make(chan benchdaemon.Usage, 1), make(chan struct{})
	f.daemon = exec.Command(f.program, string(text))
	f.daemon.Stderr = os.Stderr
	f.stdin, err = f.daemon.StdinPipe()
	if err != nil {
		f.Fatal(err)
	}
	stdout, err := f.daemon.StdoutPipe()
	if err != nil {
		f.Fatal(err)
	}
	if err := f.daemon.Start(); err != nil {
		f.Fatal(err)
	}
	go f.listen(stdout)
	f.Cleanup(f.stop)
}

func (f *fleetBench) listen(stdout io.Reader) {
	defer close(f.ended)
	lines := bufio.NewScanner(stdout)
	for lines.Scan() {
		var word benchdaemon.Word
		if err := json.Unmarshal(lines.Bytes(), &word); err != nil {
			continue
		}
		if word.Usage != nil {
			f.usage <- *word.Usage
			continue
		}
		f.mu.Lock()
		if f.healthy[word.Revision] == nil {
			f.healthy[word.Revision] = map[string]time.Time{}
		}
		if _, known := f.healthy[word.Revision][word.App]; !known {
			f.healthy[word.Revision][word.App] = word.At
		}
		f.mu.Unlock()
	}
}

// stop ends the daemon.
func (f *fleetBench) stop() {
	if f.daemon == nil {
		return
	}
	_ = f.stdin.Close()
	<-f.ended
	_ = f.daemon.Wait()
	f.daemon = nil
}

func (f *fleetBench) used() benchdaemon.Usage {
	f.Helper()
	if _, err := io.WriteString(f.stdin, "\n"); err != nil {
		f.Fatal(err)
	}
	select {
	case usage := <-f.usage:
		return usage
	case <-f.ended:
		f.Fatal("the daemon has ended")
	}
	return benchdaemon.Usage{}
}

// allHealthy waits until n apps are healthy at a revision, and returns when the last of them was.
func (f *fleetBench) allHealthy(hash string, n int) time.Time {
	f.Helper()
	var last time.Time
	f.eventually("apps to be healthy", func() (bool, string) {
		f.mu.Lock()
		defer f.mu.Unlock()
		for _, at := range f.healthy[hash] {
			if at.After(last) {
				last = at
			}
		}
		return len(f.healthy[hash]) >= n, fmt.Sprintf("%d of %d", len(f.healthy[hash]), n)
	})
	return last
}

// eventually waits for longer than a test would.
func (f *fleetBench) eventually(what string, done func() (bool, string)) {
	f.Helper()
	deadline := time.After(30 * time.Minute)
	said := ""
	for {
		is, at := done()
		if is {
			return
		}
		said = at
		select {
		case <-deadline:
			f.Fatalf("waited in vain for %s: %s", what, said)
		case <-f.ended:
			f.Fatalf("the daemon has ended; waited for %s: %s", what, said)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// bareFleet is the same objects, applied without Lockstep.
type bareFleet struct {
	f         *fleetBench
	namespace string
	eye       *fleetEye
}

func newBareFleet(f *fleetBench) *bareFleet {
	namespace := clustertest.Namespace(f)
	return &bareFleet{f: f, namespace: namespace, eye: newFleetEye(f, namespace)}
}

// apply applies objects concurrently, as many at once as Lockstep does, and returns how long that took.
func (b *bareFleet) apply(texts []string) time.Duration {
	b.f.Helper()
	began := time.Now()
	var group errgroup.Group
	group.SetLimit(apply.DefaultConcurrency)
	for _, text := range texts {
		group.Go(func() error {
			o := &unstructured.Unstructured{}
			if err := yaml.Unmarshal([]byte(text), &o.Object); err != nil {
				return err
			}
			o.SetNamespace(b.namespace)
			return b.f.client.Apply(b.f.Context(), client.ApplyConfigurationFromUnstructured(o), client.FieldOwner("bare"))
		})
	}
	if err := group.Wait(); err != nil {
		b.f.Fatal(err)
	}
	return time.Since(began)
}
