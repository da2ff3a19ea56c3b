package sync_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	stdsync "sync"
	"testing"

	"github.com/lockstep-dev/lockstep/apply/clustertest"
	"github.com/lockstep-dev/lockstep/sync"
	"github.com/lockstep-dev/lockstep/sync/benchdaemon"
	"github.com/lockstep-dev/lockstep/sync/status"
)

// crowd is how many apps there are of which a commit touches one.
const crowd = 20

// wire is a connection to the API server, and writes down what goes over it.
type wire struct {
	next http.RoundTripper
	log  *countStage
}

func (w *wire) RoundTrip(request *http.Request) (*http.Response, error) {
	w.log.mu.Lock()
	w.log.calls = append(w.log.calls, benchdaemon.VerbOf(request)+" "+request.URL.Path)
	w.log.mu.Unlock()
	return w.next.RoundTrip(request)
}

// WrappedRoundTripper is for client-go, which closes idle connections through it.
func (w *wire) WrappedRoundTripper() http.RoundTripper { return w.next }

// countStage is a set of apps, whose daemon's calls are counted.
type countStage struct {
	*fleetStage
	mu    stdsync.Mutex
	calls []string // "APPLY /api/v1/namespaces/..."
}

// newCountStage has the crowd live, and nothing counted yet.
func newCountStage(t *testing.T) *countStage {
	t.Helper()
	s := &countStage{fleetStage: newFleetStage(t)}
	s.options.config.Wrap(func(next http.RoundTripper) http.RoundTripper { return &wire{next, s} })
	s.sets = []sync.Set{s.perFolder(true)}
	for i := range crowd {
		s.folder(crowdName(i))
	}
	hash := s.commit()
	s.run()
	s.at(hash, crowd)
	if calls := s.take(); count(calls, "APPLY") != crowd {
		t.Fatalf("the install is %d PATCH calls, want %d: the wire is not seen\n%s", count(calls, "APPLY"), crowd, strings.Join(calls, "\n"))
	}
	return s
}

func crowdName(i int) string { return fmt.Sprintf("c%02d", i) }

// take returns the calls since it was called last.
func (s *countStage) take() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	calls := s.calls
	s.calls = nil
	return calls
}

// object is where the ConfigMap of one of the crowd is.
func (s *countStage) object(i int) string {
	return "/api/v1/namespaces/" + s.namespace + "/configmaps/" + crowdName(i)
}

func count(calls []string, verb string) int {
	n := 0
	for _, call := range calls {
		if strings.HasPrefix(call, verb+" ") {
			n++
		}
	}
	return n
}

// expect fails unless the calls are these.
func expect(t *testing.T, calls []string, want ...string) {
	t.Helper()
	slices.Sort(calls)
	slices.Sort(want)
	if !slices.Equal(calls, want) {
		t.Errorf("calls:\n%s\nwant:\n%s", strings.Join(calls, "\n"), strings.Join(want, "\n"))
	}
}

func TestACommitThatTouchesOneOfManyAppsIsOnePatch(t *testing.T) {
	s := newCountStage(t)
	s.repo.Write("apps/c07/settings.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c07}\ndata: {size: large}\n")
	s.at(s.commit(), crowd)
	state := "WRITE /api/v1/namespaces/" + s.namespace + "/secrets/lockstep." + s.named("c07").Name
	expect(t, s.take(), "APPLY "+s.object(7), state)
}

func TestACommitThatChangesNoObjectCostsNoCall(t *testing.T) {
	s := newCountStage(t)
	s.repo.Write("apps/c07/settings.yaml", "# settings of the shop\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: c07}\n")
	s.at(s.commit(), crowd)
	expect(t, s.take())
	s.repo.Write("README", "about no app\n")
	s.at(s.commit(), crowd)
	expect(t, s.take())
}

func TestADaemonAtRestMakesNoCall(t *testing.T) {
	s := newCountStage(t)
	rest := s.fetches.Load() + 20 // of 100 ms each: longer than the fleet's interval
	clustertest.Eventually(t, "the repository to be asked 20 times", func(context.Context) (bool, string) {
		return s.fetches.Load() >= rest, fmt.Sprint(s.fetches.Load())
	})
	expect(t, s.take())
}

func TestARestartOnlyLists(t *testing.T) {
	s := newCountStage(t)
	s.end()
	hash := s.commit() // has no changes
	s.store = status.NewStore()
	s.take()
	s.run()
	s.at(hash, crowd)
	calls := s.take()
	// A watch begins with a list of its own: of the kind, and of the autoscalers where there is a workload.
	lists, watches := count(calls, "LIST"), count(calls, "WATCH")
	if lists == 0 || watches == 0 || lists+watches != len(calls) {
		t.Errorf("want lists and watches alone:\n%s", strings.Join(calls, "\n"))
	}
	if lists+watches > 5 {
		t.Errorf("%d lists and watches for one kind and the inventories: they grow with the apps\n%s", lists+watches, strings.Join(calls, "\n"))
	}
}
