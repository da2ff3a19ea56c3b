package sync_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	stdsync "sync"
	"testing"
	"time"

	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/lockstep-dev/lockstep/apply/clustertest"
	"github.com/lockstep-dev/lockstep/sync"
	"github.com/lockstep-dev/lockstep/sync/status"
)

const (
	// lastFault is the answer after which the API server only refuses for the moment: a commit of many objects could never
	// be rehearsed as a whole by one that fails with every tenth.
	lastFault = 60
	// watchLife is how long a watch lives: long enough for client-go not to take it for one that never came up, after which
	// it would pause for longer and longer.
	watchLife = 1500 * time.Millisecond
)

// faults is an API server in trouble, the same trouble in each run: every third answer is "too many requests", every
// tenth of the first ones an internal error, every second list ends half-way, and watches are cut.
type faults struct {
	mu      stdsync.Mutex
	answers int
	lists   int
	cuts    int      // of watches
	deleted []string // paths, but of what Lockstep keeps itself
}

// troubled is one way to the API server.
type troubled struct {
	*faults
	next http.RoundTripper
}

func (f *faults) wrap(next http.RoundTripper) http.RoundTripper { return &troubled{f, next} }

// WrappedRoundTripper lets client-go close idle connections.
func (f *troubled) WrappedRoundTripper() http.RoundTripper { return f.next }

func (f *troubled) RoundTrip(r *http.Request) (*http.Response, error) {
	if code := f.code(r); code != 0 {
		return refusal(r, code), nil
	}
	answer, err := f.next.RoundTrip(r)
	if err != nil || r.Method != http.MethodGet || answer.StatusCode != http.StatusOK {
		return answer, err
	}
	switch query := r.URL.Query(); {
	case query.Get("watch") != "":
		answer.Body = f.mortal(answer.Body)
	case query.Has("labelSelector") && f.isCut():
		answer.Body, answer.ContentLength = half(answer.Body), -1
	}
	return answer, nil
}

// code is what the request is refused with; 0 when it is not.
func (f *faults) code(r *http.Request) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.answers++
	switch {
	case f.answers%3 == 0:
		return http.StatusTooManyRequests
	case f.answers%10 == 0 && f.answers <= lastFault:
		return http.StatusInternalServerError
	case r.Method == http.MethodDelete && !strings.Contains(r.URL.Path, "/secrets/"):
		f.deleted = append(f.deleted, r.URL.Path)
	}
	return 0
}

// isCut says whether a list is to end half-way.
func (f *faults) isCut() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.lists++
	return f.lists%2 == 1
}

func refusal(r *http.Request, code int) *http.Response {
	header := http.Header{"Content-Type": {"application/json"}}
	if code == http.StatusTooManyRequests {
		header.Set("Retry-After", "0")
	}
	body := fmt.Sprintf(`{"kind":"Status","apiVersion":"v1","status":"Failure","message":"no answer now","code":%d}`, code)
	return &http.Response{
		Status: http.StatusText(code), StatusCode: code, Header: header, Request: r,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Body: io.NopCloser(strings.NewReader(body)),
	}
}

// mortal is a watch that is cut.
func (f *faults) mortal(body io.ReadCloser) io.ReadCloser {
	timer := time.AfterFunc(watchLife, func() {
		f.mu.Lock()
		f.cuts++
		f.mu.Unlock()
		_ = body.Close()
	})
	return &cut{Reader: body, close: func() error {
		timer.Stop()
		return body.Close()
	}}
}

// half is a body that ends before its end.
func half(body io.ReadCloser) io.ReadCloser {
	whole, err := io.ReadAll(body)
	if err != nil {
		return body
	}
	return &cut{Reader: io.MultiReader(bytes.NewReader(whole[:len(whole)/2]), broken{}), close: body.Close}
}

type cut struct {
	io.Reader
	close func() error
}

func (c *cut) Close() error { return c.close() }

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func TestAnAppConvergesOnAnAPIServerInTrouble(t *testing.T) {
	trouble := &faults{}
	config := clustertest.Config(t)
	config.Wrap(trouble.wrap)
	s := newStage(t, options{config: config}, append(web(t, 1), "settings.yaml", settings(10))...)
	first := s.commit()
	s.start()
	s.serves(first, 1)
	s.serves(s.commit("web-deployment.yaml", deployment(t, 3)), 3)
	trouble.mu.Lock()
	defer trouble.mu.Unlock()
	if len(trouble.deleted) > 0 || len(s.configMaps()) != 10 {
		t.Errorf("deleted %v, left %v", trouble.deleted, s.configMaps())
	}
	if trouble.answers < lastFault || trouble.lists == 0 || trouble.cuts == 0 {
		t.Errorf("%d answers, %d lists, %d watches cut: that was no trouble", trouble.answers, trouble.lists, trouble.cuts)
	}
}

// denied runs an app of a Deployment, a Service and ConfigMaps; has writes of ConfigMaps denied while it runs; and checks
// that this is told, that nothing is pruned by it, that the other kinds go on, and that it heals with what deny returns.
func denied(t *testing.T, s *stage, deny func() (allow func()), told ...string) {
	t.Helper()
	first := s.commit()
	s.start()
	s.serves(first, 1)
	allow := deny()
	s.serves(s.commit("web-deployment.yaml", deployment(t, 2)), 2)
	hash := s.commit("settings.yaml", replace(t, settings(1), "key: value", "key: other"))
	app := s.fails(hash)
	for _, want := range told {
		if !strings.Contains(app.Message, want) {
			t.Errorf("message %q, want %q", app.Message, want)
		}
	}
	if live := s.configMaps(); len(live) != 2 {
		t.Errorf("live %v", live)
	}
	allow()
	s.serves(hash, 2)
	if live := s.configMaps(); len(live) != 1 {
		t.Errorf("live %v", live)
	}
}

// refused waits until writes of ConfigMaps are refused with that config.
func (s *stage) refused(config *rest.Config) {
	s.Helper()
	c, err := client.New(config, client.Options{Scheme: s.client.Scheme(), Mapper: s.client.RESTMapper()})
	if err != nil {
		s.Fatal(err)
	}
	probe := s.parse("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: probe}\n")
	probe.SetNamespace(s.namespace)
	clustertest.Eventually(s, "a ConfigMap to be refused", func(ctx context.Context) (bool, string) {
		err := c.Create(ctx, probe.DeepCopy(), client.DryRunAll)
		return apierrors.IsForbidden(err) || apierrors.IsInvalid(err), fmt.Sprint(err)
	})
}

func (s *stage) parse(document string) *unstructured.Unstructured {
	s.Helper()
	o := &unstructured.Unstructured{}
	if err := yaml.Unmarshal([]byte(document), &o.Object); err != nil {
		s.Fatal(err)
	}
	return o
}

func TestARightThatIsTakenAwayWhileTheDaemonRuns(t *testing.T) {
	s := newStage(t, options{}, append(web(t, 1), "settings.yaml", settings(2))...)
	all := append([]rbacv1.PolicyRule{rule("", "configmaps", "get", "create", "patch", "delete", "list", "watch")}, rights...)
	s.options.config = s.as("lockstep", all)
	s.loop = s.wire(s.loop.Reconciler.App, s.options)
	grant := func(rules []rbacv1.PolicyRule) {
		role := &rbacv1.Role{ObjectMeta: metav1.ObjectMeta{Namespace: s.namespace, Name: "lockstep"}, Rules: rules}
		if err := s.client.Update(t.Context(), role); err != nil {
			t.Fatal(err)
		}
	}
	denied(t, s, func() (allow func()) {
		grant(rights)
		s.refused(s.options.config)
		return func() { grant(all) }
	}, "configmap/settings-1", `cannot get resource "configmaps"`, `namespace "`+s.namespace+`"`)
}

func TestAPolicyThatBeginsToRefuseAKindWhileTheDaemonRuns(t *testing.T) {
	s := newStage(t, options{}, append(web(t, 1), "settings.yaml", settings(2))...)
	policy := s.parse(fmt.Sprintf(`apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: %[1]s}
spec:
  matchConstraints:
    namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: %[1]s}}
    resourceRules: [{apiGroups: [""], apiVersions: ["*"], operations: [CREATE, UPDATE], resources: [configmaps]}]
  validations: [{expression: "false", message: no settings here}]
`, s.namespace))
	binding := s.parse(fmt.Sprintf(`apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: {name: %[1]s}
spec: {policyName: %[1]s, validationActions: [Deny]}
`, s.namespace))
	remove := func() {
		for _, o := range []client.Object{binding, policy} {
			if err := s.client.Delete(context.WithoutCancel(t.Context()), o); client.IgnoreNotFound(err) != nil {
				t.Error(err)
			}
		}
	}
	denied(t, s, func() (allow func()) {
		t.Cleanup(remove)
		for _, o := range []client.Object{policy, binding} {
			if err := s.client.Create(t.Context(), o); err != nil {
				t.Fatal(err)
			}
		}
		s.refused(s.options.config)
		return remove
	}, "settings.yaml", "configmap/settings-0", "no settings here")
}

// reasons collects the reasons of all errors that daemons are told of.
type reasons struct {
	sync.Observer
	mu   stdsync.Mutex
	seen map[string]bool
}

func (r *reasons) Observe(ctx context.Context, event sync.Event) {
	if event.Err != nil {
		r.mu.Lock()
		r.seen[event.Err.Reason()] = true
		r.mu.Unlock()
	}
	r.Observer.Observe(ctx, event)
}

func TestTwoDaemonsOfOneAppAreToldAndDoNotFight(t *testing.T) {
	s := newStage(t, options{}, web(t, 1)...)
	first := s.commit()
	app := s.loop.Reconciler.App
	stores := []*status.Store{s.store, status.NewStore(app)}
	told := &reasons{Observer: stores[0], seen: map[string]bool{}}
	others := &reasons{Observer: stores[1], seen: map[string]bool{}}
	s.loop.Reconciler.Observer = told
	s.start()
	s.loop = s.wire(app, s.options)
	s.loop.Reconciler.Observer = others
	end := s.start()
	both := func(hash string, n int) {
		t.Helper()
		for _, s.store = range stores {
			s.serves(hash, n)
		}
	}
	both(first, 1)
	both(s.commit("web-deployment.yaml", deployment(t, 2)), 2)
	both(s.commit("web-deployment.yaml", deployment(t, 3)), 3)
	if generation := s.deployment().Generation; generation != 3 {
		t.Errorf("three commits made generation %d", generation)
	}
	seen := func(r *reasons) bool {
		r.mu.Lock()
		defer r.mu.Unlock()
		return r.seen["AnotherDaemon"]
	}
	for i := 0; !seen(told) && !seen(others); i++ {
		if i == 10 {
			t.Fatalf("nobody was told of the other: %v, %v", told.seen, others.seen)
		}
		both(s.commit("web-deployment.yaml", deployment(t, 1+i%3)), 1+i%3)
	}
	end()
	s.store = stores[0]
	s.serves(s.commit("web-deployment.yaml", deployment(t, 1)), 1)
}
