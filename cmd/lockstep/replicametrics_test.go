package main

import (
	"context"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/lockstep-dev/lockstep/apply/clustertest"
)

// metrics are those of ours that the daemon shows.
func (d *process) metrics() string {
	d.Helper()
	request, err := http.NewRequestWithContext(d.Context(), http.MethodGet, "http://"+d.address+"/metrics", nil)
	if err != nil {
		d.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		d.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	page, err := io.ReadAll(answer.Body)
	if err != nil {
		d.Fatal(err)
	}
	return strings.Join(regexp.MustCompile(`(?m)^lockstep_.*$`).FindAllString(string(page), -1), "\n")
}

// TestAnAppIsCountedByTheReplicaThatKeepsIt takes the lease from a leader, and wants the series of its app to go.
func TestAnAppIsCountedByTheReplicaThatKeepsIt(t *testing.T) {
	p := newPair(t)
	first, second := p.leaderAndStandby(1)
	const state, series = `lockstep_app_state{app="app",state="Healthy"} 1`, `app="app"`
	leads, stands := first.metrics(), second.metrics()
	if !strings.Contains(leads, state) || strings.Contains(stands, series) || !strings.Contains(stands, "lockstep_repository_last_fetch") {
		t.Errorf("the leader:\n%s\nthe standby:\n%s", leads, stands)
	}
	first.signal(syscall.SIGSTOP)
	second.leads()
	first.signal(syscall.SIGCONT)
	first.waits()
	leads, stands = second.metrics(), first.metrics()
	if !strings.Contains(leads, state) || strings.Contains(stands, series) {
		t.Errorf("the leader:\n%s\nthe one that has lost the lease:\n%s", leads, stands)
	}
	if found := `lockstep_gate_verdicts_total{app="app",reason="Healthy"} 0`; !strings.Contains(leads, found) {
		t.Errorf("a commit that another has judged counts again:\n%s", leads)
	}
}

// TestTheCallsForALeaseAreCounted looks at a leader that has nothing else to write.
func TestTheCallsForALeaseAreCounted(t *testing.T) {
	p := newPair(t)
	p.settings(1, "one")
	d := p.start("first", p.app()...)
	d.leads()
	updates := regexp.MustCompile(`lockstep_api_requests_total\{code="200",verb="update"\} (\d+)`)
	of := func() int {
		found := updates.FindStringSubmatch(d.metrics())
		if found == nil {
			return 0
		}
		n, _ := strconv.Atoi(found[1])
		return n
	}
	before := of()
	clustertest.Eventually(t, "three renewals to be counted", func(context.Context) (bool, string) {
		now := of()
		return now >= before+3, strconv.Itoa(now - before)
	})
}
