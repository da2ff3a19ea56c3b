package main

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	stdsync "sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/lockstep-dev/lockstep/apply/clustertest"
)

// forbid answers as the API server does for want of a right.
func forbid(w http.ResponseWriter, what string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusForbidden)
	_, _ = fmt.Fprintf(w, `{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"Forbidden","code":403,"message":%q}`, what)
}

func TestWhoMayReadTheLeaseAndNotWriteItSaysSoOnceAndBeginsWhenItMay(t *testing.T) {
	p := newPair(t)
	var refused atomic.Int32
	p.ledger.fail(func(_ string, w http.ResponseWriter, r *http.Request) bool {
		writes := r.Method != http.MethodGet && strings.Contains(r.URL.Path, "/leases")
		if writes {
			refused.Add(1)
			forbid(w, "leases.coordination.k8s.io is forbidden")
		}
		return writes
	})
	p.settings(1, "one")
	first := p.start("first", p.app()...)
	several := func() {
		before := refused.Load()
		clustertest.Eventually(t, "the Lease to be tried for several times", func(context.Context) (bool, string) {
			return refused.Load() >= before+5, fmt.Sprint(refused.Load())
		})
	}
	several()
	said := func(verb string) int { return strings.Count(first.out.String(), `"verb":"`+verb+`"`) }
	if n := said("create"); n != 1 {
		t.Errorf("said %d times that the Lease cannot be made:\n%s", n, first.out)
	}
	fault := p.ledger.fault
	p.ledger.fail(nil)
	first.leads()
	p.ledger.fail(fault)
	several()
	clustertest.Eventually(t, "the status to say that nobody has the Lease", func(ctx context.Context) (bool, string) {
		list, err := first.list(ctx)
		return err == nil && list.Replica != nil && list.Replica.String() == "standby: nobody holds lockstep", fmt.Sprint(list, err)
	})
	if n := said("update"); n != 1 {
		t.Errorf("said %d times that the Lease cannot be written:\n%s", n, first.out)
	}
	p.ledger.fail(nil)
	first.leads()
}

func TestALeaderThatIsTerminatedWhileAWriteHangsLetsGoAtOnce(t *testing.T) {
	p := newPair(t)
	first, second := p.leaderAndStandby(2)
	hangs, ended := make(chan struct{}, 10), make(chan struct{})
	p.ledger.fail(func(by string, _ http.ResponseWriter, r *http.Request) bool {
		if by != "first" || r.Method == http.MethodGet || !strings.Contains(r.URL.Path, "/configmaps/") {
			return false
		}
		hangs <- struct{}{}
		<-ended
		return true
	})
	t.Cleanup(func() { p.ledger.fail(nil) })
	p.settings(2, "two")
	<-hangs
	first.signal(syscall.SIGTERM) // and waits for its end
	close(ended)
	p.have(2, "two")
	second.leads()
}

func TestALeaderWhoseLeaseIsRefusedStopsWhileAllElseGoesWell(t *testing.T) {
	for name, code := range map[string]int{"too many requests": http.StatusTooManyRequests, "internal error": http.StatusInternalServerError} {
		t.Run(name, func(t *testing.T) {
			p := newPair(t)
			first, second := p.leaderAndStandby(20)
			p.ledger.fail(func(by string, w http.ResponseWriter, r *http.Request) bool {
				refused := by == "first" && r.Method != http.MethodGet && strings.Contains(r.URL.Path, "/leases")
				if refused {
					w.WriteHeader(code)
				}
				return refused
			})
			for _, value := range []string{"two", "three", "four"} { // whoever keeps the app at that moment
				p.settings(20, value)
				p.have(20, value)
			}
			second.leads()
			first.waits()
			p.ledger.fail(nil)
			p.settings(20, "five")
			p.have(20, "five")
			p.noStrays(func(string) int { return 1 })
		})
	}
}

func TestALeaderMayBeFrozenOrKilledAtAnyWrite(t *testing.T) {
	for name, at := range map[string]struct {
		method, path string
		end          syscall.Signal
	}{
		"frozen as it saves":         {http.MethodPut, "/secrets/lockstep.app", syscall.SIGSTOP},
		"frozen as it prunes":        {http.MethodDelete, "/configmaps/app-2", syscall.SIGSTOP},
		"frozen as it makes objects": {http.MethodPatch, "/configmaps/app-3", syscall.SIGSTOP},
		"killed as it saves":         {http.MethodPut, "/secrets/lockstep.app", syscall.SIGKILL},
		"killed as it prunes":        {http.MethodDelete, "/configmaps/app-2", syscall.SIGKILL},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPair(t)
			first, second := p.leaderAndStandby(3)
			hit := make(chan struct{})
			once := stdsync.OnceFunc(func() { first.send(at.end); close(hit) })
			p.ledger.on(func(w request) {
				if w.by == "first" && w.method == at.method && strings.HasSuffix(w.path, at.path) {
					once()
				}
			})
			p.repo.Git("rm", "-q", "app/app-2.yaml")
			for _, i := range []string{"0", "1", "3"} {
				p.write("app", "app-"+i, "two")
			}
			p.repo.Commit("two")
			<-hit
			second.leads()
			p.have(3, "two")
			if at.end == syscall.SIGSTOP {
				first.send(syscall.SIGCONT)
				first.waits()
			}
			p.ledger.on(nil)
			p.settings(3, "three") // with app-2 again
			p.write("app", "app-3", "three")
			p.repo.Commit("three, the fourth")
			p.have(4, "three")
			p.noStrays(func(string) int { return 1 })
		})
	}
}
