package health_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"

	"github.com/lockstep-dev/lockstep/apply/clustertest"
	"github.com/lockstep-dev/lockstep/health"
	"github.com/lockstep-dev/lockstep/health/probe"
)

// machineAddress is one at which the API server may reach a pod: it proxies to no loopback address.
func machineAddress(t *testing.T) string {
	t.Helper()
	all, err := net.InterfaceAddrs()
	must(t, err)
	for _, address := range all {
		if network, ok := address.(*net.IPNet); ok && network.IP.To4() != nil && network.IP.IsGlobalUnicast() {
			return network.IP.String()
		}
	}
	t.Skip("this machine has no address but loopback, to which the API server does not proxy")
	return ""
}

// serve has a real server stand for a pod of the local cluster, which runs nothing.
func (c *cluster) serve(t *testing.T, name string, handler http.Handler) *unstructured.Unstructured {
	t.Helper()
	address := machineAddress(t)
	server := httptest.NewUnstartedServer(handler)
	_ = server.Listener.Close()
	var err error
	server.Listener, err = net.Listen("tcp", net.JoinHostPort(address, "0"))
	must(t, err)
	server.Start()
	t.Cleanup(server.Close)
	tcp, ok := server.Listener.Addr().(*net.TCPAddr)
	if !ok {
		t.Fatal("no TCP address")
	}
	pod := c.apply(unstructuredOf(t, map[string]any{
		"apiVersion": "v1", "kind": "Pod", "metadata": map[string]any{"name": name, "labels": map[string]any{"app": "web"}},
		"spec": map[string]any{"containers": []any{map[string]any{
			"name": "web", "image": "nginx:1.27", "ports": []any{map[string]any{"name": "http", "containerPort": tcp.Port}},
		}}},
	}))[0]
	clustertest.Eventually(t, "an address of pod "+name, func(ctx context.Context) (bool, string) {
		live, err := c.resource(pod).Get(ctx, name, metav1.GetOptions{})
		if err != nil {
			return false, err.Error()
		}
		ip, _, _ := unstructured.NestedString(live.Object, "status", "podIP")
		return ip != "", "none"
	})
	patch := fmt.Sprintf(`{"status": {"podIP": %q, "podIPs": [{"ip": %q}]}}`, address, address)
	_, err = c.resource(pod).Patch(t.Context(), name, types.MergePatchType, []byte(patch), metav1.PatchOptions{}, "status")
	must(t, err)
	return pod
}

// front is the Service of the pods that serve.
func (c *cluster) front() *unstructured.Unstructured {
	return c.apply(unstructuredOf(c.t, map[string]any{
		"apiVersion": "v1", "kind": "Service", "metadata": map[string]any{"name": "web-service"},
		"spec": map[string]any{
			"selector": map[string]any{"app": "web"},
			"ports":    []any{map[string]any{"name": "web", "port": 80, "targetPort": "http"}},
		},
	}))[0]
}

func (c *cluster) probe(text string) []probe.URL {
	c.t.Helper()
	u, err := probe.Parse(text)
	must(c.t, err)
	return []probe.URL{u.In(c.namespace)}
}

func says(text string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = fmt.Fprintln(w, text) })
}

func TestAProbeSaysWhichPodsAnswer(t *testing.T) {
	c := newCluster(t)
	objects := []*unstructured.Unstructured{c.serve(t, "web-a", says("I am web-a")), c.serve(t, "web-b", says("I am web-b")), c.front()}
	h := &history{}
	r, err := c.gate.Wait(t.Context(), health.Check{
		Objects: applied(t, objects...), Timeout: patience, Progress: h.add, Probes: c.probe("http://web-service:web/hello"),
	})
	must(t, err)
	if len(r.Probes) != 1 || !strings.Contains(r.Probes[0].String(), "requests answered: web-a ") || !strings.Contains(r.Probes[0].String(), ", web-b ") {
		t.Errorf("report is %+v", r)
	}
	for _, before := range h.reports[:len(h.reports)-1] {
		if isCurrent(before) {
			t.Error("healthy was told before the probe was answered")
		}
	}
}

func TestAPodThatDoesNotAnswerHoldsTheGateUntilItDoes(t *testing.T) {
	c := newCluster(t)
	var broken, asked atomic.Bool
	broken.Store(true)
	sick := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if asked.Store(true); broken.Load() {
			w.WriteHeader(http.StatusInternalServerError)
		}
	})
	objects := []*unstructured.Unstructured{c.serve(t, "web-a", says("hello")), c.serve(t, "web-b", sick), c.front()}
	var told *health.Report
	r, err := c.gate.Wait(t.Context(), health.Check{
		Objects: applied(t, objects...), Timeout: patience, Probes: c.probe("http://web-service/"), Progress: func(r *health.Report) {
			if r.Reason == health.ProbeFailed {
				told = r
				broken.Store(false)
			}
		},
	})
	must(t, err)
	if !asked.Load() || told == nil || !strings.Contains(told.Message, "web-b, asked alone: status 500") ||
		strings.Join(told.Problems[0].Pods, " ") != "web-b" || told.Problems[0].Terminal || !isCurrent(r) {
		t.Errorf("told %+v, then %+v", told, r)
	}
}

func TestAProbeThatIsNeverAnsweredFailsTheGateAtItsDeadline(t *testing.T) {
	c := newCluster(t)
	objects := []*unstructured.Unstructured{c.serve(t, "web-a", http.NotFoundHandler()), c.front()}
	_, err := c.gate.Wait(t.Context(), health.Check{Objects: applied(t, objects...), Timeout: 4 * time.Second, Probes: c.probe("http://web-service/")})
	r := failure(t, err)
	if r.Reason != health.ProbeFailed || !strings.Contains(err.Error(), "0 of 10 requests answered; 10 × status 404") {
		t.Errorf("error is %v", err)
	}
}

func TestOnlyAServiceOfTheAppIsProbed(t *testing.T) {
	c := newCluster(t)
	objects := []*unstructured.Unstructured{c.serve(t, "web-a", says("hello")), c.front()}
	for text, want := range map[string]string{
		"http://other/":                          "is not one of the app's objects",
		"http://kubernetes.default.svc:443/":     "service kubernetes in namespace default is not one of the app's objects",
		"http://web-service:81/":                 "service web-service has no TCP port 81; it has 80 (web)",
		"http://web-service.kube-system.svc:80/": "is not one of the app's objects",
	} {
		_, err := c.gate.Wait(t.Context(), health.Check{Objects: applied(t, objects...), Probes: c.probe(text)})
		if r := failure(t, err); r.Reason != health.ProbeFailed || !strings.Contains(r.Message, want) || !r.Problems[0].Terminal {
			t.Errorf("%s: report is %+v", text, r)
		}
	}
}

func TestAProbeThatMayNotBeAskedNamesTheRight(t *testing.T) {
	config := rest.CopyConfig(clustertest.Config(t))
	config.Impersonate = rest.ImpersonationConfig{UserName: stranger}
	c := newClusterBy(t, config)
	c.allow("", "pods", "services")
	c.allow("discovery.k8s.io", "endpointslices")
	objects := []*unstructured.Unstructured{c.serve(t, "web-a", says("hello")), c.front()}
	_, err := c.gate.Wait(t.Context(), health.Check{Objects: applied(t, objects...), Timeout: patience, Probes: c.probe("http://web-service/")})
	if !apierrors.IsForbidden(err) || !strings.Contains(err.Error(), "cannot get resource") || !strings.Contains(err.Error(), "/proxy") ||
		!strings.Contains(err.Error(), c.namespace) {
		t.Errorf("error is %v", err)
	}
}
