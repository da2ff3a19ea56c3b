package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/lockstep-dev/lockstep/apply/clustertest"
	"github.com/lockstep-dev/lockstep/sync/status"
)

var (
	daemonImage = flag.String("daemon-image", "", "image of lockstep, NAME:TAG, that the cluster's nodes have; empty to leave out the chart's test")
	host        = flag.String("host", "", "address of this machine as the cluster's pods reach it, for a git server")
)

// installation is a release of the chart that keeps the stage's app in step, and another one that it may not.
type installation struct {
	*stage
	tools, other string // namespaces: its own, and one that it has no right in
	values, helm string // files
	pods         kubernetes.Interface
}

const twoApps = `
config:
  repositories: [{name: shop, url: %q, interval: 1s}]
  apps:
  - {name: web, repository: shop, path: manifests, namespace: %s}
  - {name: stray, repository: shop, path: stray, namespace: %s}
rbac: {namespaces: [%s]}
image: {repository: %s, tag: %q, pullPolicy: Never}
`

func newInstallation(t *testing.T) *installation {
	t.Helper()
	if *daemonImage == "" || *host == "" {
		t.Skip(`needs the image on the nodes: make image, load it, and ARGS="-daemon-image NAME:TAG -host ADDRESS"`)
	}
	s := newStage(t)
	i := &installation{stage: s, tools: s.world.namespace(t), other: s.world.namespace(t)}
	s.repo.Write("stray/mine.yaml", fmt.Sprintf("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: mine, namespace: %s}\n", s.namespace))
	s.repo.Write("stray/theirs.yaml", fmt.Sprintf("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: theirs, namespace: %s}\n", i.other))
	s.repo.Commit("Serve, and stray")
	var err error
	i.pods, err = kubernetes.NewForConfig(i.config)
	must(t, err)
	i.restrict()
	i.helm = filepath.Join(t.TempDir(), "helm")
	if out, err := exec.Command("go", "build", "-C", "../../../charts", "-o", i.helm, "helm.sh/helm/v4/cmd/helm").CombinedOutput(); err != nil {
		t.Fatalf("build helm: %v\n%s", err, out)
	}
	name, tag, _ := strings.Cut(*daemonImage, ":")
	i.values = filepath.Join(t.TempDir(), "values.yaml")
	text := fmt.Sprintf(twoApps, i.serve(), i.namespace, i.other, i.namespace, name, tag)
	must(t, os.WriteFile(i.values, []byte(text), 0o600))
	return i
}

// restrict has the daemon's namespace take no pods but those of the strictest standard.
func (i *installation) restrict() {
	i.t.Helper()
	ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: i.tools}}
	patch := client.RawPatch("application/merge-patch+json", []byte(`{"metadata":{"labels":{"pod-security.kubernetes.io/enforce":"restricted"}}}`))
	must(i.t, i.client.Patch(i.t.Context(), ns, patch))
}

// serve is a git server that the pods can reach.
func (i *installation) serve() string {
	i.t.Helper()
	listener, err := net.Listen("tcp", net.JoinHostPort(*host, "0"))
	must(i.t, err)
	server := &http.Server{Handler: i.repo.Backend(), ReadHeaderTimeout: 5 * time.Second}
	go func() { _ = server.Serve(listener) }()
	i.t.Cleanup(func() { _ = server.Close() })
	return "http://" + listener.Addr().String() + "/"
}

func (i *installation) release(verb string, args ...string) {
	i.t.Helper()
	args = append([]string{verb, "lockstep", "--namespace", i.tools, "--kubeconfig", *kubeconfig, "--wait", "--timeout", "3m"}, args...)
	if out, err := exec.CommandContext(i.t.Context(), i.helm, args...).CombinedOutput(); err != nil {
		i.t.Fatalf("helm %s: %v\n%s", verb, err, out)
	}
}

// patience is how long a pod may take to answer: one may be frozen.
const patience = 2 * time.Second

// self asks a pod about the apps that it keeps itself: of those of others it would ask the others.
var self = map[string]string{"replica": "self"}

// said is what the pod that works says of an app, and which one that is; the others know none.
func (i *installation) said(ctx context.Context, app string) (found status.App, by string, err error) {
	pods, err := i.pods.CoreV1().Pods(i.tools).List(ctx, metav1.ListOptions{LabelSelector: "app.kubernetes.io/name=lockstep"})
	if err != nil {
		return found, "", err
	}
	err = errors.New("no pod")
	for _, pod := range pods.Items {
		var answer []byte
		asking, cancel := context.WithTimeout(ctx, patience)
		answer, err = i.pods.CoreV1().Pods(i.tools).ProxyGet("http", pod.Name, "8080", "/api/v1/apps/"+app, self).DoRaw(asking)
		cancel()
		if err == nil {
			return found, pod.Name, json.Unmarshal(answer, &found)
		}
	}
	return found, "", err
}

// kill ends the pod that works as the loss of its node would, and returns its name.
func (i *installation) kill() string {
	i.t.Helper()
	_, leader, err := i.said(i.t.Context(), "web")
	must(i.t, err)
	i.lose(leader)
	return leader
}

// lose ends a pod of the daemon without a word: it cannot let go of its Leases. Where its process is not seen from here, the node
// ends it, and says so a moment before.
func (i *installation) lose(name string) {
	i.t.Helper()
	pid := processOf(i.tools, name)
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: i.tools, Name: name}}
	if pid != 0 {
		must(i.t, syscall.Kill(pid, syscall.SIGKILL))
	}
	must(i.t, i.client.Delete(i.t.Context(), pod, client.GracePeriodSeconds(0)))
}

// eventually waits until an app is as it should be.
func (i *installation) eventually(what, app string, is func(status.App) bool) {
	i.t.Helper()
	clustertest.Eventually(i.t, what, func(ctx context.Context) (bool, string) {
		found, _, err := i.said(ctx, app)
		if err != nil {
			return false, err.Error()
		}
		return is(found), fmt.Sprintf("%s %s %s", found.State, found.Reason, found.Message)
	})
}

func TestTheChartOnPodsThatRun(t *testing.T) {
	i := newInstallation(t)
	i.release("install", "../../../charts/lockstep", "--values", i.values)
	i.eventually("the first commit to be healthy", "web", func(a status.App) bool { return a.State == "Healthy" })

	began := i.commit("Serve from 3 pods", edit{"web-deployment", "replicas: 1", "replicas: 3"})
	i.eventually("three pods", "web", func(a status.App) bool {
		return a.State == "Healthy" && len(a.Workloads) == 1 && a.Workloads[0].Ready == 3
	})
	t.Logf("a push that scales 1 to 3 was healthy after %s", time.Since(began).Round(10*time.Millisecond))

	i.eventually("the app that strays to be told so", "stray", func(a status.App) bool {
		return a.State == "Failed" && strings.Contains(a.Message, "configmaps") && strings.Contains(a.Message, i.other)
	})
	mine := &corev1.ConfigMap{}
	if err := i.client.Get(t.Context(), client.ObjectKey{Namespace: i.namespace, Name: "mine"}, mine); !apierrors.IsNotFound(err) {
		t.Errorf("something of the commit that is refused was applied: %v", err)
	}

	killed := i.kill()
	began = i.commit("Serve from 2 pods", edit{"web-deployment", "replicas: 3", "replicas: 2"})
	i.eventually("another pod to take over", "web", func(a status.App) bool { return a.State == "Healthy" && a.Workloads[0].Ready == 2 })
	t.Logf("a push after %s was killed was healthy after %s", killed, time.Since(began).Round(10*time.Millisecond))

	before := i.deployment(i.tools, "lockstep")
	i.release("upgrade", "../../../charts/lockstep", "--values", i.values, "--set", "log.level=debug")
	if after := i.deployment(i.tools, "lockstep"); after.UID != before.UID || after.Generation == before.Generation {
		t.Errorf("upgraded from %s, generation %d to %s, generation %d", before.UID, before.Generation, after.UID, after.Generation)
	}
	i.eventually("the upgraded daemon to go on", "web", func(a status.App) bool { return a.State == "Healthy" && a.Workloads[0].Ready == 2 })

	i.release("uninstall")
	if left := i.deployment(i.namespace, "web-server"); left.DeletionTimestamp != nil || left.Status.ReadyReplicas != 2 {
		t.Errorf("the workload after the release is gone: %v", left.Status)
	}
}

func (i *installation) deployment(namespace, name string) *appsv1.Deployment {
	i.t.Helper()
	live := &appsv1.Deployment{}
	must(i.t, i.client.Get(i.t.Context(), client.ObjectKey{Namespace: namespace, Name: name}, live))
	return live
}
