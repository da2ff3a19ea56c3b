package main

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/lockstep-dev/lockstep/apply/clustertest"
	"github.com/lockstep-dev/lockstep/sync/status"
)

// blind has a daemon read no lease by its name, and none at all if it is also to list none.
func (l *ledger) blind(daemon string, lists bool) {
	l.fail(func(by string, w http.ResponseWriter, r *http.Request) bool {
		list := strings.HasSuffix(r.URL.Path, "/leases")
		fails := by == daemon && r.Method == http.MethodGet && strings.Contains(r.URL.Path, "/leases") && !strings.Contains(r.URL.Path, "-replica-") && (lists || !list)
		if fails {
			w.WriteHeader(http.StatusInternalServerError)
		}
		return fails
	})
}

// TestAReplicaThatHasNotSeenWhoKeepsTheAppsFindsOut takes its own reads of the Lease away, as the moment does in which another
// has taken it.
func TestAReplicaThatHasNotSeenWhoKeepsTheAppsFindsOut(t *testing.T) {
	p := newPair(t)
	p.settings(1, "one")
	first := p.start("first", p.app()...)
	first.leads()
	p.ledger.blind("second", false)
	second := p.start("second", p.app()...)
	for _, want := range [][]string{{"status"}, {"status", "app"}} {
		out, code := p.lockstep(append(want, "--server", "http://"+second.address)...)
		if code != exitHealthy || !strings.Contains(out, "Healthy") || strings.Contains(out, "not all apps") {
			t.Errorf("lockstep %s says %d %s", want, code, out)
		}
	}
	if out, _ := p.lockstep("status", "other", "--server", "http://"+second.address); !strings.Contains(out, "has no such app") {
		t.Errorf("of an app that there is not it says %s", out)
	}

	p.ledger.blind("second", true)
	for _, args := range [][]string{{"status"}, {"status", "app"}} {
		out, _ := p.lockstep(append(args, "--server", "http://"+second.address)...)
		if !strings.Contains(out, "not all apps are shown: nobody is known to hold lockstep\n") {
			t.Errorf("lockstep %s says %s", args, out)
		}
	}
}

// TestAShardThatNobodyHoldsIsToldAsMissing has one of two replicas take no shard, which is counted for its share all the same.
func TestAShardThatNobodyHoldsIsToldAsMissing(t *testing.T) {
	const shards = 2
	p := newPair(t)
	config := p.appOfEachFolder("one")
	flags := []string{"--config", config, "--shards", fmt.Sprint(shards)}
	p.ledger.blind("blind", false)
	blind, sees := p.start("blind", flags...), p.start("sees", flags...)
	var list status.List
	clustertest.Eventually(t, "one replica to keep one shard", func(ctx context.Context) (bool, string) {
		var err error
		list, err = sees.list(ctx)
		return err == nil && len(list.Apps) > 0 && len(list.Replica.Missing) == 1, fmt.Sprint(list.Replica, err)
	})
	if len(list.Apps) == apps {
		t.Fatalf("all %d apps are of one shard", apps)
	}
	missing := list.Replica.Missing[0]
	for _, d := range []*process{blind, sees} {
		out, _ := p.lockstep("status", "--server", "http://"+d.address)
		if want := "not all apps are shown: nobody is known to hold " + missing + "\n"; !strings.Contains(out, want) || !strings.Contains(out, fmt.Sprintf("%d apps", len(list.Apps))) {
			t.Errorf("%s says %s, want %s", d.name, out, want)
		}
		for i := range apps {
			app := fmt.Sprintf("app-%d", i)
			out, _ := p.lockstep("status", app, "--server", "http://"+d.address)
			told := strings.Contains(out, "nobody is known to hold "+missing)
			if kept := fmt.Sprintf("lockstep-shard-%d", shardOf(app, shards)) != missing; told == kept || strings.Contains(out, "no such app") {
				t.Errorf("%s says of %s: %s", d.name, app, out)
			}
		}
	}
}

// TestALeaderThatHasJustBegunSaysSo holds up what it reads first.
func TestALeaderThatHasJustBegunSaysSo(t *testing.T) {
	p := newPair(t)
	p.settings(1, "one")
	let := make(chan struct{})
	p.ledger.fail(func(_ string, _ http.ResponseWriter, r *http.Request) bool {
		if strings.HasSuffix(r.URL.Path, "/secrets") {
			select {
			case <-let:
			case <-r.Context().Done():
			}
		}
		return false
	})
	d := p.start("first", p.app()...)
	var said string
	clustertest.Eventually(t, "the lease to be taken", func(context.Context) (bool, string) {
		said, _ = p.lockstep("status", "--server", "http://"+d.address)
		return strings.Contains(said, "has just taken lockstep\n"), said + d.out.String()
	})
	if said, _ := p.lockstep("status", "app", "--server", "http://"+d.address); !strings.Contains(said, "has just taken lockstep") {
		t.Errorf("of its app it says %s", said)
	}
	close(let)
	d.leads()
	if said, code := p.lockstep("status", "--server", "http://"+d.address); code != exitHealthy || strings.Contains(said, "not all apps") {
		t.Errorf("then it says %d %s", code, said)
	}
}
